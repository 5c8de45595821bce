"""What the loop asks, asked of Snowflake: one text of SQL serves both engines, and finds the same."""

from collections.abc import Iterator
from datetime import datetime

import dagster as dg
import pytest

from ingest.core.errors import NeedsAttention
from ingest.core.settings import Settings
from ingest.warehouse.connection import Connection
from ingest.warehouse.snowflake.warehouse import SnowflakeWarehouse
from orchestration.checks.raw_tables import newest_batch_id, raw_checks
from orchestration.micro_batch.due_models import LoopModel, look
from orchestration.notify.price_alerts import price_alerts
from orchestration.preview.book_pictures import depth_picture, figures, touch_picture
from orchestration.preview.market_pictures import vwap_picture
from orchestration.preview.tables import previews, row_counts
from tests.orchestration.test_raw_checks import fresh_landing
from tests.warehouse.batches import RAW, TOPIC, batch

NOON = datetime(2026, 1, 1, 12)  # noqa: DTZ001
AT_NOON = f"'{NOON}'::timestamp_ntz"
RAW_KEY = dg.AssetKey(["raw", TOPIC.raw_table])


@pytest.fixture
def connection(account: Settings) -> Iterator[Connection]:
    """Two batches have landed."""
    warehouse = SnowflakeWarehouse(account)
    warehouse.migrate()
    warehouse.land(batch(fresh_landing(0, 10, None), fresh_landing(5, 9, None, partition=1)), "run")
    warehouse.land(batch(fresh_landing(17, 30, 10)), "run")
    with warehouse.open() as connection:
        yield connection
    warehouse.close()


FAULTS = {
    f"insert into {RAW} select * from {RAW} where batch_id = 2 limit 1": {
        "coordinates_unique",
        "coordinates_complete",
    },
    f"delete from {RAW} where kafka_offset = 20": {"coordinates_complete"},
    "delete from ops.lost_ranges": {"coordinates_complete"},
    "update ops.windows set end_offset = end_offset + 8 where batch_id = 1 and kafka_partition = 0": {
        "coordinates_unique",
        "coordinates_complete",
    },
    f"update {RAW} set published_at = dateadd(hour, -1, published_at)": {"fresh"},
    f"insert into marts.fct_rejected_records select kafka_topic, batch_id from {RAW}": {"rejected_share"},
}


def failing(connection: Connection) -> set[str]:
    return {result.name for result in raw_checks(connection) if not result.passed}


def test_the_checks_of_raw_tables_find_their_faults(connection: Connection) -> None:
    connection.execute("create schema marts")
    connection.execute("create table marts.fct_rejected_records (kafka_topic varchar, batch_id integer)")
    assert failing(connection) == set()
    assert newest_batch_id(connection) == 2
    for fault, finders in FAULTS.items():
        connection.execute("begin")
        connection.execute(fault)
        assert failing(connection) == finders, fault
        connection.execute("rollback")
    assert failing(connection) == set()


def test_what_is_pending_and_since_when(connection: Connection) -> None:
    connection.execute("insert into ops.model_progress select 'a', 1, 1, dateadd(second, -100, sysdate())")
    connection.execute("insert into ops.model_progress select 'b', 0, 2, null")
    models = {name: LoopModel(name, name, "minute", frozenset({TOPIC.name}), frozenset()) for name in "ab"}
    pending = look(models, connection, {"minute": 300})
    assert pending.ages == {"a": pytest.approx(100, abs=60)}
    assert [model.name for model in pending.due()] == ["b"]
    assert pending.next_due_seconds() == pytest.approx(200, abs=60)


def test_price_alerts_are_told_once_and_taken_back_once(connection: Connection) -> None:
    connection.execute("create schema marts")
    connection.execute(f"create table marts.fct_candles_1m as select {AT_NOON} as window_start_at")
    connection.execute(
        f"""create table marts.fct_price_alerts as select 'binance' as venue, 'BTCUSDT' as symbol,
               {AT_NOON} as window_start_at, 'percentage' as rule, 1.5::double as change_pct""",
    )
    [told] = price_alerts(connection)
    assert (told.symbol, told.window_start_at, told.change_pct) == ("BTCUSDT", NOON, 1.5)
    assert price_alerts(connection) == []
    connection.execute("delete from marts.fct_price_alerts")
    [gone] = price_alerts(connection)
    assert gone.change_pct is None
    assert price_alerts(connection) == []


def test_what_the_ui_shows_of_tables(connection: Connection, account: Settings) -> None:
    assert row_counts(SnowflakeWarehouse(account), connection)[RAW_KEY] == 9 + 3 + 12
    newest = previews(connection, RAW_KEY)["newest"]
    assert list(getattr(newest, "records")[0].data)[:2] == ["kafka_partition", "kafka_offset"]  # noqa: B009
    connection.execute("create schema marts")
    connection.execute("create schema intermediate")
    connection.execute(
        f"""create table marts.fct_candles_1m as
           select 'binance' as venue, 'BTCUSDT' as symbol, 1 as batch_id,
               dateadd(minute, value, {AT_NOON}) as window_start_at, 5::number(38, 10) as close,
               1::number(38, 10) as volume, 1 as trade_count
           from (select 0 as value union all select 1)""",
    )
    alone = previews(connection, dg.AssetKey(["marts", "fct_candles_1m"]))
    assert "picture" not in alone  # its other table is not there yet
    connection.execute(
        """create table marts.fct_vwap_session as select venue, symbol, window_start_at, close as vwap,
               close - 1 as lower_band_2, close + 1 as upper_band_2 from marts.fct_candles_1m"""
    )
    assert "BTCUSDT" in str(getattr(vwap_picture(connection), "value", None))


def test_what_the_ui_shows_of_books(connection: Connection) -> None:
    connection.execute("create schema marts")
    connection.execute("create schema intermediate")
    connection.execute(
        f"""create table marts.fct_book_top as select 'binance' as venue, 'BTCUSDT' as symbol,
               value as sequence, dateadd(second, value, {AT_NOON}) as received_at,
               2.5 as spread_bps, 0.5 as imbalance
           from (select 0 as value union all select 1)""",
    )
    connection.execute(
        """create table intermediate.int_book_levels_current as
           select 'binance' as venue, 'BTCUSDT' as symbol, 'bid' as side, 99.9 as price, 3.5 as quantity
           union all select 'binance', 'BTCUSDT', 'ask', 100.1, 2.5"""
    )
    connection.execute(
        """create table marts.fct_book_oracle as
           select 5 as sequence, true as is_match union all select 7, false"""
    )
    assert "within 50 bps of 100" in str(getattr(depth_picture(connection), "value", None))
    assert "spread up to 2.5 bps" in str(getattr(touch_picture(connection), "value", None))
    found = figures(connection, dg.AssetKey(["marts", "fct_book_oracle"]))
    assert {name: value.value for name, value in found.items()} == {
        "compared": 2,
        "matched": 1,
        "first_mismatch_sequence": 7,
    }


def test_what_is_not_there_is_said_in_our_words(connection: Connection) -> None:
    with pytest.raises(NeedsAttention, match=r"no_such_thing|NO_SUCH_THING"):
        connection.execute("select * from no_such_thing")
