"""A field that is new, missing or of another type is seen in fct_schema_drift, and breaks nothing."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import pytest

from ingest.core.message import Message
from ingest.feeds import coinbase
from ingest.feeds.binance.channels import TOPIC_OF_CHANNEL
from ingest.feeds.frame import Frame
from ingest.feeds.simulated import RateClock, SimulatedExchange
from tests.dbt.log import as_record
from tests.dbt.trial import Trial
from tests.feeds_to_marts.test_other_venues import MATCH, SNAPSHOT, UPDATE
from tests.support.captures import COINBASE, needs_captures, path_of

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
TRADE: Mapping[str, Any] = {
    "e": "trade", "E": 1767268800000, "s": "BTCUSDT", "t": 1, "p": "93000.1", "q": "0.1",
    "T": 1767268800000, "m": True, "M": True,
}  # fmt: skip
MODELS = ("+fct_schema_drift", "+fct_trades")


def land(trial: Trial, *messages: Message, first_offset: int = 0) -> None:
    by_topic: dict[str, list[Message]] = {}
    for message in messages:
        by_topic.setdefault(message.topic, []).append(message)
    for topic, found in by_topic.items():
        records = [
            {
                **as_record(message.payload, 0, first_offset + number, NOW),
                "headers": [
                    {"name": name, "value": value.decode(), "value_bytes": None}
                    for name, value in message.headers
                ],
            }
            for number, message in enumerate(found)
        ]
        trial.land(topic, records)


def traded(trade: object, **wrapping: str) -> Message:
    payload = json.dumps({**wrapping, "data": trade} if wrapping else trade).encode()
    headers = (("venue", b"binance"), ("symbol", b"BTCUSDT"), ("channel", b"trade"))
    return Message("binance.trades", b"BTCUSDT", payload, headers)


def drift(trial: Trial) -> list[tuple[Any, ...]]:
    trial.must_run("--select", *MODELS)
    return trial.rows(
        """select field, drift, told_type, known_type, message_count
           from marts.fct_schema_drift order by all"""
    )


@pytest.mark.parametrize("wrapping", [{}, {"stream": "btcusdt@trade"}])
def test_each_kind_of_drift_is_told(trial: Trial, wrapping: dict[str, str]) -> None:
    without = {name: value for name, value in TRADE.items() if name != "E"}
    land(
        trial,
        traded(TRADE, **wrapping),
        traded({**TRADE, "t": 2, "rpi": {"is": [1, 2]}}, **wrapping),
        traded({**TRADE, "t": 3, "rpi": {"is": [3]}}, **wrapping),
        traded({**without, "t": 4}, **wrapping),
    )
    land(trial, traded({**TRADE, "t": 5, "p": 93000.1}, **wrapping), first_offset=10)
    assert drift(trial) == [
        ("E", "missing", None, "number", 1),
        ("p", "retyped", "number", "text", 1),
        ("rpi", "new", "object", None, 2),
        ("rpi.is", "new", "array", None, 2),
        ("rpi.is[]", "new", "number", None, 2),
    ]
    assert trial.test("--select", "fct_schema_drift")["nothing_drifts_fct_schema_drift_"] == "warn"
    # All of them are trades all the same.
    assert trial.rows("select trade_id from marts.fct_trades order by 1") == [(n,) for n in range(1, 6)]


def test_nothing_drifts_that_is_known_or_no_json(trial: Trial) -> None:
    clock = RateClock(NOW, 100)
    exchange = SimulatedExchange(clock, 7, topics=TOPIC_OF_CHANNEL)
    broken = Message("binance.trades", b"BTCUSDT", b'{"e":', traded(TRADE).headers)
    futures = {**TRADE, "X": "MARKET"}
    land(trial, *islice(exchange.messages(), 3000), broken, traded(futures))
    for text in (MATCH, SNAPSHOT, UPDATE):
        message = coinbase.address(Frame(1, text.encode()))
        assert message is not None
        land(trial, message)
    assert drift(trial) == []


@needs_captures
def test_nothing_drifts_in_a_recording_of_coinbase(trial: Trial) -> None:
    lines = path_of(COINBASE).read_text().splitlines()
    payloads = [line[line.index("{") :].encode() for line in lines if ": {" in line and "<-" not in line]
    messages = [coinbase.address(Frame(1, payload)) for payload in payloads]
    land(trial, *(message for message in messages if message is not None))
    assert drift(trial) == []


def test_a_channel_that_nobody_described_is_left_alone(trial: Trial) -> None:
    other = Message("binance.trades", b"BTCUSDT", b'{"anything":1}', (("channel", b"blockTrade"),))
    land(trial, other)
    assert drift(trial) == []
