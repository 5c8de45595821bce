"""Redis holds the newest of each market: on a real server, with its state in the same MULTI."""

import os
import signal
from collections.abc import Iterator
from dataclasses import replace

import pyarrow as pa
import pytest
import redis

from ingest.core.errors import NeedsAttention, SinkUnavailable, StaleSink
from ingest.core.settings import Settings
from ingest.services import redis as redis_service
from ingest.sinks.redis import RedisSink
from ingest.sinks.state import State
from ingest.sinks.targets import MARKET, Target, bars_by_time
from tests.sinks.changing import changes, held, state, table

VWAP = Target(
    *("fct_some", "vwap_session", MARKET, "latest", ("at",)),
    columns={"at": "at", "vwap": "vwap", "ratio": "ratio"},
    shown_as="vwap",
)
ROLLING = replace(VWAP, name="vwap_rolling", columns={"vwap_5m": "vwap_5m"})
SCHEMA = pa.schema(
    [
        ("venue", pa.string()),
        ("symbol", pa.string()),
        ("at", pa.timestamp("us")),
        ("vwap", pa.decimal128(38, 10)),
        ("ratio", pa.float64()),
    ]
)
OF_ROLLING = pa.schema([*(SCHEMA.field(name) for name in MARKET), ("vwap_5m", pa.float64())])
BTC = ("binance", "BTCUSDT", "2026-01-01T00:01:00", "68000.1234567890", 0.1)
ETH = ("binance", "ETHUSDT", "2026-01-01T00:01:00.000001", None, 5e-324)
ODD = ("a:b", "c%3A\0", None, "-0.0000000001", None)
KEY = "{tickhouse}:vwap:binance:BTCUSDT"


@pytest.fixture
def sink(redis_url: str) -> Iterator[RedisSink]:
    opened = RedisSink(redis_url, [VWAP, ROLLING])
    opened.clear()
    yield opened
    opened.clear()
    opened.close()


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url, decode_responses=True) as opened:
        yield opened


def test_rows_come_back_as_they_were(sink: RedisSink, client: redis.Redis) -> None:
    sink.begin_generation(changes(VWAP, table(SCHEMA, [BTC, ETH, ODD]), after=state(1)))
    assert held(sink, VWAP, SCHEMA) == sorted(table(SCHEMA, [BTC, ETH, ODD]).to_pylist(), key=str)
    assert client.hget(KEY, "vwap") == "68000.1234567890"
    assert sink.state(VWAP) == state(1)


def test_what_a_market_no_longer_has_goes(sink: RedisSink, client: redis.Redis) -> None:
    sink.begin_generation(changes(VWAP, table(SCHEMA, [BTC, ETH]), after=state(1)))
    keys = [BTC[:2], ETH[:2]]
    sink.write(
        changes(VWAP, table(SCHEMA, [(*BTC[:3], None, 0.2)]), keys=keys, before=state(1), after=state(2))
    )
    assert client.hgetall(KEY) == {"at": "2026-01-01 00:01:00.000000", "ratio": "0.2"}
    assert not client.exists("{tickhouse}:vwap:binance:ETHUSDT")
    sink.begin_generation(changes(VWAP, table(SCHEMA, [ETH]), after=state(1)))
    assert not client.exists(KEY)


def test_two_targets_share_a_hash(sink: RedisSink, client: redis.Redis) -> None:
    rolling = table(OF_ROLLING, [("binance", "BTCUSDT", 5.5)])
    sink.begin_generation(changes(VWAP, table(SCHEMA, [BTC]), after=state(1)))
    sink.begin_generation(changes(ROLLING, rolling, after=state(1)))
    assert set(client.hkeys(KEY)) == {"at", "vwap", "ratio", "vwap_5m"}  # pyright: ignore[reportArgumentType]
    gone = changes(VWAP, table(SCHEMA, []), keys=[BTC[:2]], before=state(1), after=state(2))
    sink.write(gone)
    assert client.hgetall(KEY) == {"vwap_5m": "5.5"}


def test_each_write_is_published(sink: RedisSink, client: redis.Redis) -> None:
    with client.pubsub() as listener:
        listener.subscribe(KEY)
        assert listener.get_message(timeout=5)
        sink.begin_generation(changes(VWAP, table(SCHEMA, [BTC]), after=state(1)))
        told = listener.get_message(timeout=5)
    assert told
    assert '"vwap": "68000.1234567890"' in told["data"]


def test_of_two_runs_one_writes(sink: RedisSink, redis_url: str) -> None:
    sink.begin_generation(changes(VWAP, table(SCHEMA, [BTC]), after=state(1)))
    late = changes(VWAP, table(SCHEMA, [ETH]), before=state(1), after=state(2))
    sink.write(late)
    with pytest.raises(StaleSink):
        RedisSink(redis_url, [VWAP]).write(late)


def test_killed_it_knows_what_it_holds(sink: RedisSink, redis_home: Settings) -> None:
    """What the server lost of the last second it lost with its state."""
    for batch in range(1, 200):
        row = (*BTC[:3], f"{batch}", 0.1)
        after, before = state(batch), state(batch - 1) if batch > 1 else None
        made = changes(VWAP, table(SCHEMA, [row]), keys=[BTC[:2]], before=before, after=after)
        sink.write(made) if before else sink.begin_generation(made)
    pid = redis_service.pid(redis_home)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(SinkUnavailable):
        sink.state(VWAP)
    redis_service.start(redis_home)
    again = RedisSink(redis_service.sink_url(redis_home), [VWAP])
    at = again.state(VWAP)
    [found] = held(again, VWAP, SCHEMA) if at else [{"vwap": 0}]
    assert found["vwap"] == (at.through.batch if at and at.through else 0)


def test_a_server_that_may_evict_is_refused(redis_url: str, client: redis.Redis) -> None:
    client.config_set("maxmemory", 100_000_000)
    client.config_set("maxmemory-policy", "allkeys-lru")
    try:
        with pytest.raises(NeedsAttention, match="noeviction"):
            RedisSink(redis_url, [VWAP]).state(VWAP)
    finally:
        client.config_set("maxmemory", 0)
        client.config_set("maxmemory-policy", "noeviction")


def test_a_wrong_password_is_said_and_not_shown(redis_url: str) -> None:
    wrong = redis_url.replace(redis_url.split(":")[2].split("@")[0], "wrong-secret")
    with pytest.raises(SinkUnavailable) as failure:
        RedisSink(wrong, [VWAP]).state(VWAP)
    assert "wrong-secret" not in str(failure.value)


def test_replayed_bars_have_the_name_that_a_strategy_knows(redis_url: str, client: redis.Redis) -> None:
    target = bars_by_time("replay:BTCUSDT")
    opened = RedisSink(redis_url, [target])
    schema = pa.schema(
        [
            *(SCHEMA.field(name) for name in MARKET),
            ("window_start_at", pa.timestamp("us")),
            ("typical_vwap", pa.float64()),
        ]
    )
    rows = table(
        schema,
        [
            ("replay", "BTCUSDT", "2017-08-17T04:05:00", 4261.48),
            ("replay", "BTCUSDT", "2017-08-17T04:06:00", None),
        ],
    )
    filling = State("w", "g", "l", after="x")
    opened.begin_generation(changes(target, rows, after=filling))
    assert client.get("vwap:2017-08-17 04:05:00") == "4261.48"
    opened.write(changes(target, rows.slice(0, 0), before=filling, after=state(1)))
    assert held(opened, target, schema) == sorted(rows.to_pylist(), key=str)
    opened.clear()
    assert client.get("vwap:2017-08-17 04:05:00") is None
