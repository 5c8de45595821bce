"""Every gap that can be known is in fct_feed_gaps, with what became of it; and nothing else is."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from ingest.core.message import Message, feed_headers
from ingest.feeds.transport import events
from ingest.feeds.transport.events import feed_event
from tests.dbt.log import as_record
from tests.dbt.trial import Trial

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
AT = int(NOW.timestamp() * 1000)


def trade(number: int) -> bytes:
    body = {"e": "trade", "s": "BTCUSDT", "t": number, "p": "1", "q": "1", "T": AT + number, "m": True}
    return json.dumps(body).encode()


def asked(number: int) -> bytes:
    body = {"id": number, "price": "1", "qty": "1", "time": AT + number, "isBuyerMaker": True}
    return json.dumps(body).encode()


def streamed_kline(minute: int) -> bytes:
    start = AT + minute * 60_000
    numbers = dict.fromkeys(("o", "c", "h", "l", "v", "q", "V", "Q"), "1") | {"n": 1, "f": 1, "L": 1}
    kline = {**numbers, "t": start, "T": start + 59_999, "i": "1m", "s": "BTCUSDT", "x": True}
    return json.dumps({"e": "kline", "E": start + 60_000, "s": "BTCUSDT", "k": kline}).encode()


def asked_kline(minute: int) -> bytes:
    start = AT + minute * 60_000
    return json.dumps([start, *["1"] * 5, start + 59_999, "1", 1, "1", "1", "0"]).encode()


def change(first: int, last: int, previous: int | None = None) -> bytes:
    body: dict[str, object] = {"e": "depthUpdate", "E": AT + last, "s": "BTCUSDT", "U": first, "u": last}
    return json.dumps({**body, **({} if previous is None else {"pu": previous}), "b": [], "a": []}).encode()


def snapshot(last: int) -> bytes:
    return json.dumps({"lastUpdateId": last, "bids": [], "asks": []}).encode()


def land(trial: Trial, topic: str, payloads: Iterable[bytes], first_offset: int = 0, **headers: str) -> None:
    given = {"venue": "binance", "symbol": "BTCUSDT", **headers}
    records = [
        {
            **as_record(payload, 0, first_offset + number, NOW),
            "headers": [{"name": name, "value": value, "value_bytes": None} for name, value in given.items()],
        }
        for number, payload in enumerate(payloads)
    ]
    trial.land(topic, records)


def gaps(trial: Trial) -> list[tuple[Any, ...]]:
    trial.must_run("--select", "+fct_feed_gaps")
    return trial.rows(
        """select kind, first_missing, last_missing, missing_count, state, filled_by
           from marts.fct_feed_gaps order by all"""
    )


def test_missing_trades_are_open_until_rest_brings_them(trial: Trial) -> None:
    land(trial, "binance.trades", [trade(n) for n in (1, 2, 3, 7, 8, 8, 12)])
    assert gaps(trial) == [
        ("trade_ids", 4, 6, 3, "open", None),
        ("trade_ids", 9, 11, 3, "open", None),
    ]
    land(trial, "binance.trades", [asked(n) for n in (3, 4, 5, 6, 10)], 20)
    assert gaps(trial) == [
        ("trade_ids", 4, 6, 3, "filled", "rest"),
        ("trade_ids", 9, 9, 1, "open", None),
        ("trade_ids", 10, 10, 1, "filled", "rest"),
        ("trade_ids", 11, 11, 1, "open", None),
    ]
    land(trial, "binance.trades", [trade(n) for n in (4, 5, 6, 9, 10, 11)], 40)
    assert gaps(trial) == []


def test_trades_that_were_only_ever_asked_for_fill_nothing(trial: Trial) -> None:
    land(trial, "binance.trades", [asked(n) for n in (1, 2, 3)])
    assert gaps(trial) == []


def test_a_gap_is_first_seen_when_what_lies_behind_it_came(trial: Trial) -> None:
    land(trial, "binance.trades", [trade(1), trade(4)])
    later = NOW + timedelta(hours=1)
    records = [as_record(asked(n), 0, 20 + n, later, symbol="BTCUSDT") for n in (2, 3)]
    trial.land("binance.trades", records)
    trial.must_run("--select", "+fct_feed_gaps")
    assert trial.rows("select state, first_seen_at from marts.fct_feed_gaps") == [
        ("filled", NOW.replace(tzinfo=None))
    ]


def test_what_the_venue_has_not_is_unfillable(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "time", SimpleNamespace(time_ns=lambda: AT * 1_000_000))
    land(trial, "binance.trades", [trade(n) for n in (1, 4, 9)])
    said = feed_event("binance", "not_filled", "rest", "trade_ids BTCUSDT 5 8")
    other = feed_event("binance_usdm", "not_filled", "rest", "trade_ids BTCUSDT 2 3")
    for number, event in enumerate((said, other)):
        venue = dict(event.headers)["venue"].decode()
        land(trial, "feeds.events", [event.payload or b""], number, venue=venue, channel="not_filled")
    assert gaps(trial) == [
        ("trade_ids", 2, 3, 2, "open", None),
        ("trade_ids", 5, 8, 4, "unfillable", None),
    ]


def test_candles_of_the_venue_are_open_until_rest_brings_them(trial: Trial) -> None:
    land(trial, "binance.klines", [streamed_kline(minute) for minute in (0, 1, 1, 4)])
    first = AT // 60_000
    assert gaps(trial) == [("klines", first + 2, first + 3, 2, "open", None)]
    land(trial, "binance.klines", [asked_kline(minute) for minute in (1, 2)], 20)
    assert gaps(trial) == [
        ("klines", first + 2, first + 2, 1, "filled", "rest"),
        ("klines", first + 3, first + 3, 1, "open", None),
    ]


def test_two_markets_are_not_one(trial: Trial) -> None:
    land(trial, "binance.trades", [trade(1), trade(2)])
    land(trial, "binance.trades", [trade(9), trade(10)], 20, venue="binance_usdm")
    assert gaps(trial) == []


def test_changes_of_a_book_that_are_missing_cannot_be_had(trial: Trial) -> None:
    changes = [change(1, 5), change(6, 9), change(6, 9), change(15, 20), change(31, 40), change(41, 41)]
    land(trial, "binance.depth", [*changes, snapshot(14)])
    assert gaps(trial) == [
        ("book_sequence", 10, 14, 5, "unfillable", "snapshot"),
        ("book_sequence", 21, 30, 10, "unfillable", None),
    ]


def test_futures_name_the_change_before(trial: Trial) -> None:
    changes = [change(1, 5, 0), change(90, 99, 5), change(200, 210, 150), change(300, 310, 210)]
    land(trial, "binance.depth", changes, venue="binance_usdm")
    assert gaps(trial) == [("book_sequence", 100, 150, 51, "unfillable", None)]


def test_bars_that_a_file_lacks(trial: Trial) -> None:
    names = ("datetime", "open", "high", "low", "close", "volume")
    minutes = [
        json.dumps(dict.fromkeys(names, "1") | {"datetime": str(AT + minute * 60_000)}).encode()
        for minute in (0, 1, 4, 5)
    ]
    land(trial, "replay.ohlcv", minutes, channel="ohlcv_1m")
    first = AT // 60_000 + 2
    assert gaps(trial) == [("minutes", first, first + 1, 2, "open", None)]


def test_the_time_without_a_connection(trial: Trial) -> None:
    kinds = ["connected", "disconnected", "disconnected", "connected", "renewed", "silent", "disconnected"]
    events = [_event(kind, second) for second, kind in enumerate(kinds)]
    for number, event in enumerate(events):
        channel = dict(event.headers)["channel"].decode()
        land(trial, "feeds.events", [event.payload or b""], number, channel=channel)
    trial.must_run("--select", "+fct_feed_gaps")
    found = trial.rows("select gap_start_at, gap_end_at, state from marts.fct_feed_gaps order by 1")
    at = [(NOW + timedelta(seconds=second)).replace(tzinfo=None) for second in range(len(kinds))]
    assert found == [(at[1], at[3], "unfillable"), (at[6], None, "open")]


def _event(kind: str, second: int) -> Message:
    body = json.loads(feed_event("binance", kind, "binance/0").payload or b"")
    payload = json.dumps({**body, "at": AT + second * 1000}).encode()
    return Message("feeds.events", b"binance", payload, feed_headers("binance", "", kind, 1))


def test_offsets_that_kafka_lost(trial: Trial) -> None:
    lost = "(1, 'binance.trades', 1, 0, 10, 15, 'retention', now()::timestamp)"
    trial.connection.execute(f"insert into ops.lost_ranges values {lost}")
    assert gaps(trial) == [("lost_offsets", 10, 14, 5, "unfillable", None)]
