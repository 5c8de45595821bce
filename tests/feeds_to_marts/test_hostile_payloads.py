"""Payloads that were made to take all memory: they are judged within bounds, and what is over is said."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.dbt.log import as_record
from tests.dbt.trial import Trial

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
AN_HOUR = timedelta(hours=1)
TRADE = {"e": "trade", "s": "BTCUSDT", "p": "93000.1", "q": "0.1", "m": True}


def trade(number: int, at: datetime, **more: object) -> bytes:
    return json.dumps({**TRADE, "t": number, "T": round(at.timestamp() * 1000), **more}).encode()


def land(trial: Trial, *payloads: bytes, topic: str = "binance.trades", **changes: object) -> None:
    header = {"name": "channel", "value": "trade", "value_bytes": None}
    records = [
        {**as_record(payload, 0, offset, NOW), "headers": [header], **changes}
        for offset, payload in enumerate(payloads)
    ]
    trial.land(topic, records)


WIDE = {f"k{number}": 1 for number in range(60_000)}


@pytest.mark.parametrize("hidden", [WIDE, {"data": WIDE}, {"x": {"y": WIDE}}, {"x": "x" * 5_000_000}])
def test_a_message_with_too_much_in_it_is_drift_of_its_own_kind(
    trial: Trial, hidden: dict[str, object]
) -> None:
    trial.connection.execute("set memory_limit = '400MB'")
    land(trial, trade(1, NOW, E=1767268800000, M=True), trade(2, NOW, **hidden))
    trial.must_run("--select", "+fct_schema_drift")
    assert trial.rows("select field, drift, message_count from marts.fct_schema_drift") == [
        ("", "oversized", 1)
    ]


def test_a_payload_is_not_repeated_for_each_of_its_fields(trial: Trial) -> None:
    """Two hundred messages of 90 KB, each with 300 fields of names of its own: 5 GB if it were."""
    trial.connection.execute("set memory_limit = '600MB'")
    fields = [{f"k{n}_{number}": 1 for number in range(300)} for n in range(200)]
    land(trial, *(trade(n, NOW, x="x" * 90_000, **each) for n, each in enumerate(fields)))
    trial.must_run("--select", "+fct_schema_drift")
    assert trial.rows("select count(*) from marts.fct_schema_drift where drift = 'new'") == [(200 * 300 + 1,)]


def test_a_time_may_be_old_and_not_ahead(trial: Trial) -> None:
    land(
        trial,
        trade(1, datetime(2001, 9, 10, tzinfo=UTC)),
        trade(2, NOW + AN_HOUR),
        trade(3, NOW + AN_HOUR + timedelta(milliseconds=1)),
        trade(4, NOW + timedelta(days=364)),
    )
    # The broker was told a time that no calendar holds.
    far = datetime.now(UTC) + timedelta(days=300)
    trial.land("binance.trades", [{**as_record(trade(5, far), 0, 9, NOW), "published_at": None}])
    trial.must_run("--select", "+fct_trades", "+fct_rejected_records")
    assert trial.rows("select trade_id from marts.fct_trades order by 1") == [(1,), (2,)]
    assert trial.rows("select first_offset, rejected_reason from marts.fct_rejected_records order by 1") == [
        (2, "bad_time"),
        (3, "bad_time"),
        (9, "bad_time"),
    ]


KRAKEN = (
    '{"channel":"trade","type":"update","data":[{"symbol":"BTC/USD","side":"buy","price":1.5,"qty":2,'
    '"ord_type":"limit","trade_id":1,"timestamp":"%s"}]}'
)
COINBASE = (
    '{"type":"match","trade_id":1,"side":"buy","size":"1","price":"1","product_id":"BTC-USD","time":"%s"}'
)


@pytest.mark.parametrize(("topic", "sent"), [("kraken.trades", KRAKEN), ("coinbase.trades", COINBASE)])
def test_a_time_in_words_is_not_ahead_either(trial: Trial, topic: str, sent: str) -> None:
    times = ("9999-01-01T00:00:00Z", "2026-01-01T12:00:00Z")
    land(trial, *((sent % at).encode() for at in times), topic=topic)
    trial.must_run("--select", "+fct_trades", "+fct_rejected_records")
    assert trial.rows("select event_at from marts.fct_trades") == [(NOW.replace(tzinfo=None),)]
    rejected = "select first_offset, rejected_reason from marts.fct_rejected_records"
    assert trial.rows(rejected) == [(0, "bad_time")]


def test_what_is_filled_holds_for_a_day(trial: Trial) -> None:
    """Two trades 25 years apart made 13 million candles, three changes of a book 796 million ladders."""
    long_ago = datetime(2001, 9, 10, tzinfo=UTC)
    land(trial, trade(1, long_ago), trade(2, NOW))
    changes = ((101, long_ago), (102, NOW))
    snapshot = b'{"lastUpdateId":100,"bids":[["1","1"]],"asks":[["2","1"]]}'
    diffs = (
        json.dumps(
            {"e": "depthUpdate", "s": "BTCUSDT", "E": round(at.timestamp() * 1000), "U": n, "u": n}
            | {"b": [["1", str(n)]], "a": []}
        ).encode()
        for n, at in changes
    )
    named = [
        {"name": "symbol", "value": "BTCUSDT", "value_bytes": None},
        {"name": "venue", "value": "binance", "value_bytes": None},
    ]
    land(trial, snapshot, *diffs, topic="binance.depth", headers=named)
    trial.must_run("--select", "+fct_candles_1m_filled", "+fct_book_ladder_1s_filled")
    assert trial.rows("select count(*), max(window_start_at) from marts.fct_candles_1m_filled") == [
        (1440 + 1, NOW.replace(tzinfo=None))
    ]
    ladders = """select max(held), count(*) > 1 from (
        select count(*) as held from marts.fct_book_ladder_1s_filled group by sequence)"""
    assert trial.rows(ladders) == [(86_400, True)]
