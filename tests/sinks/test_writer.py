"""The writer beside the turns: real marts into a real PostgreSQL and Redis, which an audit finds equal."""

import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random

import duckdb
import psycopg
import pytest
import redis

from ingest.core.settings import Settings
from ingest.services import postgres as postgres_service
from ingest.sinks import writer
from ingest.sinks.audit import audit, bring_on
from ingest.sinks.postgres.sink import PostgresSink
from ingest.sinks.protocol import Sink
from ingest.sinks.redis import RedisSink
from ingest.sinks.targets import POSTGRES, REDIS
from ingest.sinks.writer import Delivery, SinkWriter
from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse
from ingest.warehouse.models import Model
from tests.dbt.feeds import BookTickers, Depth, Trades
from tests.dbt.log import Log
from tests.dbt.trial import Project, Trial, open_trial

FEEDS = (Trades, BookTickers, Depth)


class Held(DuckDbWarehouse):
    """A warehouse that a trial holds open."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    @contextmanager
    def reading(self):
        yield self._connection


class World:
    """A warehouse, both stores, and what happens to them."""

    def __init__(self, trial: Trial, models: Sequence[Model], open_stores: Callable[[], list[Sink]]) -> None:
        self.trial = trial
        self.random = Random(2)
        self.logs = [Log(feed(self.random), self.random) for feed in FEEDS]
        self.models = models
        self.open_stores = open_stores
        self.writer = SinkWriter(open_stores(), models, rows_at_once=50)

    def turn(self, *, lands: bool = True) -> list[Delivery]:
        if lands:
            for log in self.logs:
                self.trial.land(log.feed.topic, log.batch(60))
            self.trial.must_run()
        self.writer.read(self.trial.connection)
        return self.writer.write()

    def settle(self, patience_seconds: float = 60) -> list[Delivery]:
        """Turn until nothing is written any more."""
        deadline = time.monotonic() + patience_seconds
        told: list[Delivery] = []
        quiet = 0
        while quiet < 3 and time.monotonic() < deadline:
            found = self.turn(lands=False)
            quiet = 0 if found or not self.writer.is_idle else quiet + 1
            told += found
            time.sleep(0.01)
        return told

    def audit(self) -> None:
        known = {model.name: model for model in self.models}
        for sink in self.open_stores():
            findings = list(audit(Held(self.trial.connection), known, sink))
            sink.close()
            assert [finding for finding in findings if not finding.is_equal] == []
            assert len(findings) >= 5
            assert sum(finding.mart[0] for finding in findings) > 5


@pytest.fixture
def world(
    project: Project,
    models: list[Model],
    postgres_url: str,
    redis_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[World]:
    monkeypatch.setattr(writer, "FIRST_WAIT_SECONDS", 0.05)
    monkeypatch.setattr(writer, "LONGEST_WAIT_SECONDS", 0.05)
    monkeypatch.setattr(writer, "VIEWS_EVERY_SECONDS", 0.0)

    def open_stores() -> list[Sink]:
        return [PostgresSink(postgres_url, POSTGRES), RedisSink(redis_url, REDIS)]

    for sink in open_stores():
        sink.clear()
        sink.close()
    with open_trial(project.fed_by(feed.topic for feed in FEEDS), tmp_path) as trial:
        opened = World(trial, models, open_stores)
        yield opened
        opened.writer.close()


def test_stores_hold_what_the_marts_hold(
    world: World, postgres_home: Settings, postgres_url: str, redis_url: str
) -> None:
    """Turn by turn; after a correction, stores emptied behind our back, a server killed, a rebuild."""
    for _ in range(3):
        world.turn()
    told = world.settle()
    assert {delivery.sink for delivery in told} == {"postgres", "redis"}
    assert [delivery.error for delivery in told if delivery.error] == []
    world.audit()

    world.trial.connection.execute(
        "update raw.binance_trades set payload = 'null' where kafka_offset % 3 = 0"
    )
    world.trial.replay("binance.trades", 1, 3)
    world.turn()
    world.settle()
    world.audit()

    with psycopg.connect(postgres_url, autocommit=True) as stranger:
        stranger.execute("drop schema tickhouse cascade")
    with redis.Redis.from_url(redis_url) as stranger:
        stranger.flushall()
    world.turn()
    world.settle()
    world.audit()

    world.turn()
    pid = postgres_service.pid(postgres_home)
    assert pid is not None
    os.kill(pid, signal.SIGQUIT)
    while postgres_service.pid(postgres_home) == pid:
        time.sleep(0.01)
    world.turn()
    postgres_service.start(postgres_home)
    told = world.settle()
    assert any(delivery.error for delivery in told)
    world.audit()

    world.trial.must_run("--full-refresh")
    world.settle()
    world.audit()


def test_an_audit_finds_what_is_different(world: World, postgres_url: str, redis_url: str) -> None:
    world.turn()
    world.settle()
    known = {model.name: model for model in world.models}
    with psycopg.connect(postgres_url, autocommit=True) as stranger:
        [(table,)] = stranger.execute(
            "select table_name from tickhouse.sink_states where target = 'trades'"
        ).fetchall()
        stranger.execute(f"update tickhouse.{table} set price = price + 1e-10 where ctid = '(0,1)'".encode())
    with redis.Redis.from_url(redis_url) as stranger:
        [name, *_] = stranger.keys("{tickhouse}:candle:*")
        stranger.hset(name, "volume", "1.0000000000")
    for sink, broken in zip(world.open_stores(), ("trades", "candle"), strict=True):
        held = Held(world.trial.connection)
        assert [f.target.name for f in audit(held, known, sink) if not f.is_equal] == [broken]
        [target] = [target for target in sink.targets if target.name == broken]
        bring_on(held, known, sink, target, anew=True)
        sink.close()
    world.audit()
