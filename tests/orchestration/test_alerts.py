"""A price alert is told once, in the UI and to whoever listens, and taken back once."""

from datetime import UTC, datetime, timedelta

import dagster as dg
import duckdb
import pytest

from orchestration.micro_batch.report import Report
from orchestration.notify import price_alert_sensor as sensor_module
from orchestration.notify.notify import PriceMoved
from orchestration.notify.price_alert_sensor import tell_of_price_alerts
from orchestration.notify.price_alerts import ALERTS, PriceAlert, price_alerts

NOON = datetime(2026, 1, 1, 12)  # noqa: DTZ001


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(
        """create schema ops; create schema marts;
           create table ops.told_alerts (venue varchar, symbol varchar, window_start_at timestamp,
               rule varchar, told_at timestamp, retracted_at timestamp);
           create table marts.fct_candles_1m (venue varchar, symbol varchar, window_start_at timestamp);
           create table marts.fct_price_alerts (venue varchar, symbol varchar, window_start_at timestamp,
               rule varchar, change_pct double)"""
    )
    connection.execute("insert into marts.fct_candles_1m values ('binance', 'BTCUSDT', ?)", [NOON])
    return connection


def add(connection: duckdb.DuckDBPyConnection, minutes_ago: int = 0) -> PriceAlert:
    alert = PriceAlert("binance", "BTCUSDT", NOON - timedelta(minutes=minutes_ago), "percentage", 1.5)
    connection.execute(
        "insert into marts.fct_price_alerts values (?, ?, ?, ?, ?)",
        [alert.venue, alert.symbol, alert.window_start_at, alert.rule, alert.change_pct],
    )
    return alert


def test_each_is_told_once(connection: duckdb.DuckDBPyConnection) -> None:
    first = add(connection, minutes_ago=3)
    assert price_alerts(connection) == [first]
    second = add(connection)
    assert price_alerts(connection) == [second]
    assert price_alerts(connection) == []


def test_history_is_not_told(connection: duckdb.DuckDBPyConnection) -> None:
    add(connection, minutes_ago=61)
    assert price_alerts(connection) == []


@pytest.mark.parametrize(
    ("symbol", "ahead"),
    [("ETHUSDT", timedelta(days=-1)), ("ETHUSDT", timedelta(days=364)), ("BTCUSDT", timedelta(days=364))],
)
def test_a_trade_of_another_market_or_of_the_future_silences_nobody(
    connection: duckdb.DuckDBPyConnection, symbol: str, ahead: timedelta
) -> None:
    at = datetime.now(UTC).replace(tzinfo=None) + ahead
    connection.execute("insert into marts.fct_candles_1m values ('binance', ?, ?)", [symbol, at])
    alert = add(connection, minutes_ago=3)
    assert price_alerts(connection) == [alert]


def test_an_alert_of_the_future_is_not_told(connection: duckdb.DuckDBPyConnection) -> None:
    at = datetime.now(UTC).replace(tzinfo=None) + timedelta(minutes=50)
    connection.execute("insert into marts.fct_candles_1m values ('binance', 'BTCUSDT', ?)", [at])
    connection.execute(
        "insert into marts.fct_price_alerts values ('binance', 'BTCUSDT', ?, 'percentage', 30)", [at]
    )
    assert price_alerts(connection) == []


def test_what_is_gone_is_taken_back_once_and_not_told_again(connection: duckdb.DuckDBPyConnection) -> None:
    add(connection)
    price_alerts(connection)
    connection.execute("delete from marts.fct_price_alerts")
    [gone] = price_alerts(connection)
    assert gone.change_pct is None
    assert gone.text == "Taken back: BTCUSDT on binance, minute 2026-01-01 12:00 UTC (percentage)"
    assert price_alerts(connection) == []
    add(connection)
    assert price_alerts(connection) == []


def test_what_ages_is_not_taken_back(connection: duckdb.DuckDBPyConnection) -> None:
    add(connection)
    price_alerts(connection)
    connection.execute("delete from marts.fct_price_alerts")
    connection.execute(
        "insert into marts.fct_candles_1m values ('binance', 'BTCUSDT', ?)", [NOON + timedelta(hours=2)]
    )
    assert price_alerts(connection) == []


def test_the_loop_observes_it_and_the_sensor_tells_it_once(
    connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[PriceMoved] = []
    monkeypatch.setattr(sensor_module, "notify", told.append)
    report = Report(asset_seconds=30, check_seconds=300)
    report.alert(add(connection))
    [observation] = report.events()
    assert isinstance(observation, dg.AssetObservation)
    assert observation.asset_key == ALERTS
    assert list(report.events()) == []
    with dg.instance_for_test() as instance:
        instance.report_runless_asset_event(observation)
        context = dg.build_sensor_context(instance)
        tell_of_price_alerts(context)
        tell_of_price_alerts(dg.build_sensor_context(instance, cursor=context.cursor))
    assert told == [PriceMoved("BTCUSDT on binance, minute 2026-01-01 12:00 UTC: +1.50 % (percentage)")]
