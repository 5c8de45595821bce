"""Whatever somebody sends: it lands byte for byte, is rejected with a reason, and nothing stops."""

import json
import random
from dataclasses import replace

import pytest

from ingest.core.topics import TOPICS
from ingest.kafka.topic_admin import ensure_topics
from tests.faults import harm
from tests.faults.feed import TRADES
from tests.faults.world import World
from tests.support.other_side import Sent

pytestmark = pytest.mark.slow

JUNK = random.Random(3).randbytes(900_000)
TRADE = {"e": "trade", "s": "BTCUSDT", "t": 1, "p": "1", "q": "1", "T": 1767225600000, "m": True}


def _trade(**change: object) -> bytes:
    return json.dumps({**TRADE, **change}).encode()


PAYLOADS: tuple[bytes | None, ...] = (
    None,
    b"",
    b"\x00",
    b"\x00\xff\xfe",
    JUNK,
    JUNK[:1000] + b"{}",
    b"null",
    b"true",
    b"NaN",
    b"[]",
    b"{}",
    b'""',
    b'"\\ud800"',
    b"{" * 10_000,
    b"[" * 100_000 + b"]" * 100_000,
    b'{"data":' * 5_000 + b"{}" + b"}" * 5_000,
    b'{"s":"BTCUSDT","s":"ETHUSDT"}',
    b'{"p":NaN,"q":Infinity,"T":-Infinity}',
    b"1" * 100_000,
    b"1e999999",
    b"\xef\xbb\xbf{}",
    b"'; drop table raw.binance_trades; --",
    b"{{ env_var('HOME') }}",
    *(
        _trade(**change)
        for change in (
            {"p": "NaN"},
            {"p": "1e400"},
            {"p": 10**400},
            {"p": "9" * 5_000},
            {"p": "-0"},
            {"q": "0.00000000000000000001"},
            {"q": [1, 2]},
            {"q": {"a": 1}},
            {"t": 2**70},
            {"t": -1},
            {"t": 1.5},
            {"T": -1},
            {"T": 2**63},
            {"T": "1767225600000 "},
            {"s": ""},
            {"s": None},
            {"m": "maybe"},
            {"e": None, "p": None},
        )
    ),
)
# A good trade in bad company: its key and headers are nothing but bytes.
ODD = (
    Sent(_trade(t=90_002), b"\xff\xfe", (("venue", b"\xff"), ("received_at", b"soon"))),
    Sent(_trade(t=90_003), b"\x00", (("venue", None), ("received_at", None))),
    Sent(_trade(t=90_004), None, (("received_at", b"9" * 40),) * 3),
    Sent(_trade(t=90_005, s="\x00'\"\n"), b"", (("x" * 10_000, b"y" * 10_000),) * 5),
)


def test_poison_lands_and_is_rejected_with_a_reason(world: World) -> None:
    ensure_topics(world.place.settings)
    world.project = replace(world.project, chosen=frozenset())
    world.feed.trades(20)
    for topic in TOPICS:
        world.feed.publish(topic.name, [Sent(payload, b"k") for payload in PAYLOADS])
        world.feed.publish(topic.name, ODD, partition=1)
    run = world.must_run(harm.build_everything)
    assert "Traceback" not in run.said()
    world.feed.trades(20)
    world.must_run(harm.build_everything)
    world.must_hold_everything()
    rejected = """select kafka_topic, count(*) from marts.fct_rejected_records
        where kafka_partition = 0 and rejected_reason <> '' group by all"""
    # Of a captured table, no value is a tombstone: it says that the row is gone.
    refused = {topic.name: len(PAYLOADS) - topic.name.startswith("cdc.") for topic in TOPICS}
    assert dict(world.rows(rejected)) == refused
    kept = "select trade_id from marts.fct_trades where event_at = timestamp '2026-01-01'"
    assert len(world.rows(f"{kept} and trade_id > 90000")) == len(ODD)


def test_times_that_no_calendar_holds(world: World) -> None:
    """A topic that somebody else made takes the time of a message from whoever sends it."""
    world.other_side.delete_topic(TRADES)
    world.other_side.create_topic(TRADES, 2, message_timestamp_after_max_ms=2**63 - 1)
    payload = json.dumps(TRADE).encode()
    times = (1, 2**41, 2**50, 2**62, 253_402_300_799_999, 253_402_300_800_000)
    world.feed.publish(TRADES, [Sent(payload, timestamp_ms=time) for time in times])
    world.must_run()
    world.must_hold_everything()
