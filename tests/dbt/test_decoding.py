"""Every message of a real recording, and of made-up ones, is decoded as Python's json and Decimal do."""

import gzip
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.dbt.feeds import START, BookTickers, Depth, Feed, Trades, unwrapped
from tests.dbt.log import Record, as_record
from tests.dbt.trial import Trial
from tests.support.captures import SPOT, needs_captures, path_of

TOPICS = ("binance.trades", "binance.book_tickers", "binance.depth")

Row = tuple[Any, ...]


@needs_captures
def test_a_recording_of_binance_spot(trial: Trial) -> None:
    records: dict[str, list[Record]] = {topic: [] for topic in TOPICS}
    for received_at, payload in _lines(path_of(SPOT)):
        here = records[_topic_of(json.loads(payload))]
        here.append(as_record(payload, 0, len(here), received_at))
    assert {topic: len(found) for topic, found in records.items()} == {
        "binance.trades": 9757,
        "binance.book_tickers": 28040,
        "binance.depth": 3452,
    }
    _assert_decoded(trial, records)


@pytest.mark.parametrize("feed", [Trades, BookTickers, Depth])
def test_made_up_messages(trial: Trial, feed: Callable[[Random], Feed]) -> None:
    source = feed(Random(7))
    records = [as_record(source.payload(), 0, offset, START) for offset in range(500)]
    _assert_decoded(trial, {source.topic: records})


def _assert_decoded(trial: Trial, records: Mapping[str, Sequence[Record]]) -> None:
    for topic, messages in records.items():
        trial.land(topic, messages)
    trial.must_run("--select", "+fct_rejected_records", "stg_binance__depth_levels")
    assert trial.rows("select rejected_reason, count(*) from marts.fct_rejected_records group by all") == []
    for topic, messages in records.items():
        decode, sql = EXPECTED[topic]
        expected = [row for message in messages for row in decode(message)]
        assert trial.rows(sql) == expected


def _trade(record: Record) -> Iterator[Row]:
    trade = _message(record)
    price, quantity = Decimal(trade["p"]), Decimal(trade["q"])
    side = "sell" if trade["m"] else "buy"
    yield record["kafka_offset"], trade["s"], trade["t"], price, quantity, side, _time(trade["T"])


def _ticker(record: Record) -> Iterator[Row]:
    ticker = _message(record)
    numbers = [Decimal(ticker[field]) for field in "bBaA"]
    yield record["kafka_offset"], ticker["s"], ticker["u"], *numbers, record["received_at"]


def _levels(record: Record) -> Iterator[Row]:
    message = _message(record)
    is_snapshot = "lastUpdateId" in message
    first, last = (message["lastUpdateId"],) * 2 if is_snapshot else (message["U"], message["u"])
    time = None if is_snapshot else _time(message["E"])
    for side, field in (("ask", "asks" if is_snapshot else "a"), ("bid", "bids" if is_snapshot else "b")):
        for index, level in enumerate(message[field]):
            price, quantity = Decimal(level[0]), Decimal(level[1])
            yield record["kafka_offset"], first, last, time, side, index, price, quantity


EXPECTED = {
    "binance.trades": (
        _trade,
        """select kafka_offset, symbol, trade_id, price, quantity, taker_side, event_at
           from staging.stg_binance__trades order by kafka_offset""",
    ),
    "binance.book_tickers": (
        _ticker,
        """select kafka_offset, symbol, update_id, bid_price, bid_quantity, ask_price, ask_quantity,
               received_at
           from staging.stg_binance__book_tickers order by kafka_offset""",
    ),
    "binance.depth": (
        _levels,
        """select kafka_offset, first_update_id, last_update_id, event_at, side, level_index, price, quantity
           from staging.stg_binance__depth_levels order by kafka_offset, side, level_index""",
    ),
}


def _message(record: Record) -> dict[str, Any]:
    return unwrapped(str(record["payload"]).encode())


def _time(epoch: int) -> datetime:
    micros = epoch if epoch > 10**14 else epoch * 1000
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)).replace(tzinfo=None)


def _lines(recording: Path) -> Iterator[tuple[datetime, bytes]]:
    with gzip.open(recording) as lines:
        for line in lines:
            received_ns, payload = line.split(b" ", 1)
            yield _time(int(received_ns) // 1000).replace(tzinfo=UTC), payload.strip()


def _topic_of(message: Mapping[str, Any]) -> str:
    stream = message.get("stream", "")
    if stream.endswith("@trade"):
        return "binance.trades"
    return "binance.book_tickers" if stream.endswith("@bookTicker") else "binance.depth"
