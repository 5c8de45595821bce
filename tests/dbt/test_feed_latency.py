"""Latency from clock to clock, also where the clocks disagree: how far, is estimated and not hidden."""

import json
from datetime import UTC, datetime, timedelta

from tests.dbt.log import as_record
from tests.dbt.trial import Trial

AT = datetime(2026, 1, 1, 12, tzinfo=UTC)


def land(trial: Trial, took_ms: list[int]) -> None:
    """Trades of one moment, received so much later by our clock."""
    records = []
    for number, took in enumerate(took_ms):
        trade = {"s": "BTCUSDT", "t": number, "p": "1", "q": "1", "T": int(AT.timestamp() * 1000), "m": True}
        received = (AT + timedelta(milliseconds=took)).replace(tzinfo=None)
        records.append({**as_record(json.dumps(trade).encode(), 0, number, AT), "received_at": received})
    trial.land("binance.trades", records)
    trial.must_run("--select", "+fct_feed_latency")


def test_a_clock_that_is_behind_is_estimated_by_the_quickest(trial: Trial) -> None:
    land(trial, [-40, -35, 10, 250])
    assert trial.rows(
        """select message_count, clock_skew_ms, negative_count, event_to_received_p50_ms
           from marts.fct_feed_latency"""
    ) == [(4, -40, 2, -12.5)]


def test_without_a_time_of_the_venue_nothing_is_estimated(trial: Trial) -> None:
    ticker = {"u": 1, "s": "BTCUSDT", "b": "1", "B": "1", "a": "2", "A": "1"}
    trial.land("binance.book_tickers", [as_record(json.dumps(ticker).encode(), 0, 0, AT)])
    trial.must_run("--select", "+fct_feed_latency")
    assert trial.rows("select clock_skew_ms from marts.fct_feed_latency") == [(None,)]
