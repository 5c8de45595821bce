"""What becomes of a live feed is written down, said once, and read by others; a dead one is seen."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from ingest.core.message import Message
from ingest.core.settings import Settings
from ingest.feeds import health
from ingest.feeds.health import FeedHealth, FeedLog, read_feeds
from ingest.feeds.transport.events import feed_event
from ingest.operations.watching import FeedNews
from orchestration.checks.feeds import CHECK, NO_FEED, feeds_connected
from tests.cli.conftest import Run
from tests.support.stand_in import awaited

SAID_SECONDS = 10.0


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tickhouse_home=tmp_path)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def log(settings: Settings, said: list[str]) -> Iterator[FeedLog]:
    with FeedLog(settings, "binance", ["binance.trades"], said.append) as log:
        yield log


def only(settings: Settings) -> FeedHealth:
    [feed] = read_feeds(settings)
    return feed


def test_down_and_up_again_is_said_once_each(log: FeedLog, settings: Settings, said: list[str]) -> None:
    news = FeedNews(settings)
    for _ in range(3):
        log.seen(feed_event("binance", "disconnected", "binance/0", "OSError: no route"))
    assert "not connected since" in str(only(settings))
    assert "OSError: no route" in str(only(settings).problem)
    assert ["OSError: no route" in line for line in news.news()] == [True]
    assert news.news() == []
    log.seen(feed_event("binance", "connected", "binance/0"))
    log.seen(Message("binance.trades", b"BTCUSDT", b"{}"))
    assert only(settings).problem is None
    assert "last message" in str(only(settings))
    assert news.news() == ["Feed binance is connected again."]
    assert [("not connected" in line, "is connected" in line) for line in said] == [
        (True, False),
        (False, True),
    ]


def test_one_of_several_connections_is_enough_to_tell(log: FeedLog, settings: Settings) -> None:
    log.seen(feed_event("binance", "connected", "binance/0"))
    log.seen(feed_event("binance", "silent", "binance/1", "nothing for 60 s"))
    assert "nothing for 60 s" in str(only(settings).problem)


def test_no_answer_at_all_is_a_problem_too(
    log: FeedLog, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert str(only(settings)) == "connecting"
    monkeypatch.setattr(health, "PATIENCE_SECONDS", 0.0)
    assert "no answer yet" in str(only(settings).problem)


def test_a_good_end_is_forgotten_and_a_bad_one_is_not(settings: Settings) -> None:
    with FeedLog(settings, "kraken", [], print):
        pass
    assert read_feeds(settings) == []
    with pytest.raises(ConnectionError), FeedLog(settings, "kraken", [], print):
        raise ConnectionError("HTTP 451")
    assert only(settings).problem == "stopped: HTTP 451"


def test_two_of_a_kind_are_two(log: FeedLog, settings: Settings) -> None:
    with FeedLog(settings, "binance", [], print):
        assert len(read_feeds(settings)) == 2


def test_dagster_is_told_when_it_changes(
    log: FeedLog, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestration.checks.feeds.load_settings", lambda: settings)

    def tick(cursor: str | None) -> tuple[str | None, list[bool], list[str]]:
        found = feeds_connected(dg.build_sensor_context(cursor=cursor))
        if not isinstance(found, dg.SensorResult):
            return cursor, [], []
        checks = [event for event in found.asset_events if isinstance(event, dg.AssetCheckEvaluation)]
        assert {(check.asset_key.to_user_string(), check.check_name) for check in checks} == {
            ("kafka/binance.trades", CHECK)
        }
        texts = [str(check.metadata["feed"].value) for check in checks]
        return found.cursor, [check.passed for check in checks], texts

    log.seen(feed_event("binance", "disconnected", "binance/0", "OSError: no route"))
    cursor, passed, texts = tick(None)
    assert passed == [False]
    assert "OSError: no route" in texts[0]
    assert tick(cursor)[1] == []
    log.seen(feed_event("binance", "connected", "binance/0"))
    cursor, passed, _ = tick(cursor)
    assert passed == [True]
    log.__exit__(None, None, None)
    assert tick(cursor)[1:] == ([True], [NO_FEED])


@pytest.fixture
def deaf() -> Iterator[str]:
    """A server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def test_an_exchange_that_does_not_answer_is_said_and_status_fails(
    tickhouse: Run, settings: Settings, deaf: str, tmp_path: Path
) -> None:
    here = {
        "TICKHOUSE_HOME": str(settings.tickhouse_home),
        "BINANCE_STREAM_URL": f"ws://{deaf}",
        "BINANCE_REST_URL": f"http://{deaf}",
    }
    program = [str(Path(sys.executable).parent / "tickhouse"), "record", str(tmp_path / "recordings")]
    recording = subprocess.Popen(program, env={**os.environ, **here}, stderr=subprocess.PIPE, text=True)
    try:
        awaited("a problem", lambda: any(feed.problem for feed in read_feeds(settings)))
        feed = only(settings)
        # From its start on, not from the start of Python.
        assert feed.down is not None
        assert feed.down.since - feed.started < SAID_SECONDS
        done = tickhouse("status", "--format", "json", KAFKA_BOOTSTRAP_SERVERS=deaf, **here)
        assert done.exit_code == 1
        [told] = json.loads(done.stdout)["feeds"]
        assert "not connected" in told["problem"]
    finally:
        recording.send_signal(signal.SIGINT)
        _, said = recording.communicate(timeout=20)
    assert "is not connected" in said
