"""Whatever is committed in PostgreSQL is in the warehouse, each version once, whatever is killed then."""

import json
import urllib.request
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from ingest.core.settings import Settings
from ingest.feeds.change_data.tables import BOOKS, PRICES, STATS, TABLES
from ingest.services import change_data as capture
from ingest.services import kafka_connect, postgres
from ingest.services.doctor import network
from ingest.services.kafka_connect_config import connector_config, secrets_path
from ingest.services.postgres import postgres_url
from tests.cdc.database import START
from tests.cdc.world import World, kill_connect, kill_postgres, start_capture

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def assert_history(world: World) -> None:
    world.arrive()
    for table in TABLES:
        assert world.history(table) == world.journal(table), table.name
    assert world.pipeline.rows("from staging.stg_cdc__changes where rejected_reason is not null") == []


def test_every_committed_change_is_there_once(world: World) -> None:
    with world.database.connected() as connection:
        world.database.work(connection, 150)
    assert_history(world)
    deletes, tombstones = world.pipeline.rows(
        "select count(*) filter (op = 'd'), count(*) filter (is_tombstone) from staging.stg_cdc__changes"
    )[0]
    assert deletes == tombstones > 20
    # What is made up says so, in each of its rows.
    assert world.pipeline.rows("select distinct venue from marts.fct_cdc_trades_history") == [("simulated",)]


def test_connect_reads_no_other_file_for_whoever_may_use_its_rest(world: World, tmp_path: Path) -> None:
    """It answers with the settings it was asked to look at, what stands in files put in."""
    somebody_s = tmp_path / "somebody_s.properties"
    somebody_s.write_text("password=not-for-you\n")
    secrets = secrets_path(world.settings)
    asked = {**connector_config(postgres_url(world.settings), secrets), "name": "tickhouse"}
    for file, is_ours in ((secrets, True), (somebody_s, False)):
        config = {**asked, "message.prefix.exclude.list": f"${{file:{file}:password}}"}
        port = (world.settings.connect_home / "port").read_text()
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/connector-plugins/PostgresConnector/config/validate",
            json.dumps(config).encode(),
            {"Content-Type": "application/json"},
            method="PUT",
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            said = answer.read().decode()
        assert "not-for-you" not in said
        assert (f"${{file:{file}:password}}" not in said) == is_ours


def test_a_table_that_is_emptied_and_a_key_that_changes(world: World) -> None:
    journal = world.database.journal
    with world.database.connected() as connection:
        world.database.work(connection, 20)
        connection.execute("truncate binance.books")
        journal.end_all(BOOKS, how="truncate")
        world.database.work(connection, 20)
        row = {"symbol": "OLD", "price": Decimal(1), "polled_at": START}
        connection.execute("insert into binance.prices values ('OLD', 1, %s)", [START])
        connection.execute("update binance.prices set symbol = 'NEW' where symbol = 'OLD'")
        journal.change(PRICES, row)
        journal.end(PRICES, row)
        journal.change(PRICES, {**row, "symbol": "NEW"})
    assert_history(world)


def test_connect_is_killed_in_the_middle(world: World) -> None:
    """What it sent since it last noted its place, it sends again: nothing is lost, nothing is there twice."""
    # Where it stops in order it notes its place.
    kafka_connect.stop(world.settings)
    start_capture(world.settings)
    with world.database.connected() as connection:
        world.database.work(connection, 60)
        world.arrive()
        world.database.work(connection, 60)
        kill_connect(world.settings)
        found = capture.status(world.settings)
        assert found is not None
        assert (found.task, found.is_wrong) == ("AWAY", True)
        assert network.change_data_capture(world.settings).level == "fail"
        world.database.work(connection, 60)
        start_capture(world.settings)
        world.database.work(connection, 60)
    assert_history(world)
    doubled = "select count(*) from intermediate.int_row_changes_deduplicated where message_count > 1"
    assert world.pipeline.rows(doubled)[0][0] > 20
    assert network.change_data_capture(world.settings).level == "ok"


@pytest.mark.parametrize("ending", [lambda settings: postgres.stop(settings), kill_postgres])
def test_postgres_goes_and_comes_back(world: World, ending: Callable[[Settings], None]) -> None:
    with world.database.connected() as connection:
        world.database.work(connection, 30)
    ending(world.settings)
    postgres.start(world.settings)
    with world.database.connected() as connection:
        world.database.work(connection, 30)
    assert_history(world)


def test_a_lost_slot_is_made_again_and_what_was_not_told_is_missing(world: World) -> None:
    with world.database.connected() as connection:
        world.database.work(connection, 40)
        world.arrive()
        kafka_connect.stop(world.settings)
        connection.execute("select pg_drop_replication_slot('tickhouse')")
        connection.execute("delete from binance.prices where symbol <> 'MARKER'")
        connection.execute("delete from binance.trades where trade_id = 1")
        before = {table.name: world.there(table) for table in TABLES}
        start_capture(world.settings)
    world.arrive()
    assert before["stats"] == world.there(STATS)
    history = "marts.fct_cdc_prices_history where symbol <> 'MARKER'"
    ended = dict(world.pipeline.rows(f"select ended_by, count(*) from {history} group by all"))
    assert ended["missing"] > 0
    assert None not in ended
    ((count,),) = world.pipeline.rows(
        "select count(*) from marts.fct_cdc_stats_history where ended_by = 'reread'"
    )
    assert count == len(before["stats"])
