"""Daily candles stay when the trades they were made of are gone (meta: keeps_days), also in a rebuild."""

from dataclasses import replace
from datetime import datetime, timedelta

from ingest.core.topics import TOPICS
from ingest.warehouse import retention
from ingest.warehouse.connection import transaction
from ingest.warehouse.duckdb.warehouse import new_batch
from ingest.warehouse.models import Model
from tests.dbt.trades import binance_trade, land
from tests.dbt.trial import Trial

LIVED_A_DAY = [replace(topic, raw_retention=timedelta(days=1)) for topic in TOPICS]
NOW = datetime(2026, 1, 4, 6)  # noqa: DTZ001 (like every time in the warehouse: UTC, without zone)
BUILT = ("--select", "+fct_volatile_days")
DAYS = """select window_start_at::date::text, price_swing, volume
          from marts.fct_volatile_days order by window_start_at"""


def test_days_stay_as_they_are_when_their_trades_are_gone(trial: Trial, models: list[Model]) -> None:
    days = ("2026-01-01", "2026-01-02", "2026-01-03")
    for number, day in enumerate(days):
        land_day(trial, day, number, high=str(101 + number))
    trial.must_run(*BUILT)
    before = trial.rows(DAYS)
    assert before == [(day, 1 + number, 2) for number, day in enumerate(days)]
    with transaction(trial.connection):
        retention.prune(trial.connection, LIVED_A_DAY, models, NOW, new_batch)
    assert trial.rows("select count(*) from raw.binance_trades") == [(2,)]
    assert trial.rows("select count(distinct window_start_at::date) from marts.fct_candles_1h") == [(1,)]
    assert trial.rows(DAYS) == before
    land_day(trial, days[0], 3, high="200")
    trial.must_run(*BUILT)
    assert trial.rows(DAYS) == before, "a day whose other trades are gone was written again"
    trial.must_run("--full-refresh", *BUILT)
    assert trial.rows(DAYS) == before


def test_they_do_not_go_with_a_column(trial: Trial) -> None:
    land_day(trial, "2026-01-01", 0, high="101")
    trial.must_run(*BUILT)
    trial.connection.execute("alter table marts.fct_candles_1d add column another integer")
    assert trial.run("--full-refresh", *BUILT)["fct_candles_1d"] == "error"
    assert trial.rows("select count(*) from marts.fct_candles_1d") == [(1,)]


def land_day(trial: Trial, day: str, number: int, high: str) -> None:
    """A batch of two trades, landed on the evening of the day."""
    trades = [
        binance_trade("BTCUSDT", 2 * number + place, f"{day} 1{place}:00:00", price, "1")
        for place, price in enumerate(("100", high))
    ]
    batch_id = land(trial, trades, first_offset=2 * number)
    trial.connection.execute(
        "update ops.batches set committed_at = ?::timestamp + interval 23 hours where batch_id = ?",
        [day, batch_id],
    )
