"""`tickhouse publish binance` and `record` as they are run: from the socket to staging, and a clean end."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from ingest.feeds.recording import read_frames
from ingest.kafka.open import open_log
from tests.feeds_to_marts.pipeline import Pipeline
from tests.support.stand_in import Books, StandIn, awaited

COUNT = 400
# With those that are sent twice, and the malformed ones.
PLAYED = COUNT + COUNT // 50 + COUNT // 100


@pytest.fixture
def exchange() -> Iterator[StandIn]:
    with StandIn() as exchange:
        exchange.answer = Books().answer
        yield exchange


def started(exchange: StandIn, pipeline: Pipeline, *arguments: str) -> "subprocess.Popen[str]":
    program = str(Path(sys.executable).parent / "tickhouse")
    here = {
        "TICKHOUSE_HOME": str(pipeline.settings.tickhouse_home),
        "KAFKA_BOOTSTRAP_SERVERS": pipeline.settings.bootstrap_servers,
        "BINANCE_STREAM_URL": exchange.stream_url,
        "BINANCE_REST_URL": exchange.rest_url,
    }
    return subprocess.Popen(
        [program, *arguments], env={**os.environ, **here}, stdout=subprocess.PIPE, text=True
    )


def play(exchange: StandIn) -> list[dict[str, object]]:
    """Trades, some twice, some malformed, with a cut in the middle."""
    trades = []
    for number in range(COUNT):
        trade = {"e": "trade", "E": 1767225600000, "s": "BTCUSDT", "t": number, "p": f"{number + 1}.5"}
        trade |= {"q": "0.10", "T": 1767225600000 + number, "m": bool(number % 2)}
        trades.append(trade)
        for _ in range(1 + (number % 50 == 0)):
            exchange.send("btcusdt@trade", json.dumps(trade).encode())
        if number % 100 == 0:
            exchange.send("btcusdt@trade", b'{"e":"trade",')
        if number == COUNT // 2:
            exchange.close()
            exchange.wait_for_connections(2)
    return trades


def published(pipeline: Pipeline, topic: str) -> int:
    log = open_log(pipeline.settings)
    try:
        return sum(bounds.end for bounds in log.states([topic])[topic].bounds.values())
    finally:
        log.close()


@pytest.mark.slow
def test_what_the_exchange_sends_is_in_staging_and_a_stop_loses_nothing(
    exchange: StandIn, pipeline: Pipeline
) -> None:
    feed = started(exchange, pipeline, "publish", "binance", "--symbols", "btcusdt")
    exchange.wait_for_connections(1)
    trades = play(exchange)
    before = published(pipeline, "feeds.events")
    exchange.send_frame(b"not json")
    awaited("the last frame in Kafka", lambda: published(pipeline, "feeds.events") > before)
    feed.send_signal(signal.SIGINT)
    said, _ = feed.communicate(timeout=30)
    assert feed.returncode == 0
    assert "what was taken is delivered" in said
    pipeline.land()
    pipeline.build("+fct_rejected_records")
    assert pipeline.rows("select trade_id, price from marts.fct_trades order by 1") == [
        (trade["t"], Decimal(str(trade["p"]))) for trade in trades
    ]
    assert pipeline.rows("select distinct symbol, kind from staging.stg_binance__depth_messages") == [
        ("BTCUSDT", "snapshot")
    ]
    assert pipeline.rejected("binance.trades") == {"malformed_json": COUNT // 100}
    assert pipeline.rejected("feeds.events") == {"unaddressed": 1}
    events = pipeline.rows(
        "select kind from staging.stg_feeds__events where rejected_reason is null order by kafka_offset"
    )
    assert [kind for (kind,) in events] == ["connected", "disconnected", "connected"]


@pytest.mark.slow
def test_record_then_play(exchange: StandIn, pipeline: Pipeline, tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    recording = started(
        exchange, pipeline, "record", str(folder), "--symbols", "BTCUSDT", "--messages", str(PLAYED)
    )
    exchange.wait_for_connections(1)
    play(exchange)
    said, _ = recording.communicate(timeout=30)
    assert recording.returncode == 0
    assert f"{PLAYED} messages" in said
    (file,) = folder.iterdir()
    assert len(list(read_frames(file))) == PLAYED
    done = pipeline.tickhouse("publish", "capture", str(file), "--venue", "binance", "--symbol", "BTCUSDT")
    assert f"{PLAYED} messages" in done.stdout
