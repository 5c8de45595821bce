"""Landed rows are corrected and replayed: what they no longer say vanishes from every mart."""

import pytest

from ingest.core.topics import BY_NAME
from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse
from ingest.warehouse.replay import replay
from tests.faults.feed import TRADES
from tests.faults.waiting import wait_until
from tests.faults.world import World
from tests.support.ledger import Coordinates

pytestmark = pytest.mark.slow


def candles(world: World) -> int:
    return world.rows("select count(*) from marts.fct_candles_1m")[0][0]


def test_rows_vanish_from_every_mart_under_a_run(world: World) -> None:
    world.feed.trades(200)
    run = world.start(max_seconds=600)
    world.wait_until_landed()
    wait_until("candles", lambda: candles(world))
    before = candles(world)
    with world.warehouse() as connection:
        spoiled = connection.execute(
            """update raw.binance_trades set payload = 'corrected' where kafka_offset between 20 and 80
                returning topic_life, kafka_partition, kafka_offset"""
        ).fetchall()
    replay(DuckDbWarehouse(world.place.settings.warehouse_path, wait_seconds=60), BY_NAME[TRADES])
    world.feed.published |= {Coordinates(TRADES, *at): b"corrected" for at in spoiled}
    wait_until("fewer candles", lambda: candles(world) < before)
    world.feed.trades(20)
    world.wait_until_landed()
    world.end(run)
    world.must_run()
    world.must_hold_everything()
