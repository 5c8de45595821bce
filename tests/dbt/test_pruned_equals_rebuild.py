"""Pruned while messages come late, twice and contradicted: the tables equal a rebuild of what stays."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from ingest.core.topics import BY_NAME, TOPICS
from ingest.warehouse import retention
from ingest.warehouse.connection import transaction
from ingest.warehouse.duckdb.warehouse import new_batch
from ingest.warehouse.models import Model
from tests.dbt.feeds import BookTickers, CoinbaseTrades, Depth, Trades
from tests.dbt.log import Log
from tests.dbt.second_books import SecondBooks
from tests.dbt.trial import Project, Trial, open_trial

FEEDS = (Trades, BookTickers, Depth, SecondBooks, CoinbaseTrades)
# Minutes instead of hours, so that a quarter of an hour has floors in it; Coinbase has floors of its own.
SHORT_LIVED = [
    replace(topic, raw_retention=timedelta(minutes=5 if topic.name.startswith("coinbase") else 3))
    for topic in TOPICS
]


@pytest.fixture(autouse=True)
def _floors_at_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "HOUR", timedelta(minutes=1))


@pytest.mark.parametrize("seed", range(1))
def test_pruned_tables_equal_a_rebuild(trial: Trial, models: list[Model], seed: int) -> None:
    live_and_prune(trial, models, Random(seed), steps=12)
    assert trial.differences_to_rebuild() == {}


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 102))
def test_pruned_tables_equal_a_rebuild_many_times(
    project: Project, tmp_path: Path, models: list[Model], seed: int
) -> None:
    with open_trial(project.fed_by(feed.topic for feed in FEEDS), tmp_path) as trial:
        live_and_prune(trial, models, Random(seed), steps=15)
        assert trial.differences_to_rebuild() == {}


def live_and_prune(trial: Trial, models: list[Model], random: Random, steps: int) -> None:
    logs = [Log(feed(random), random) for feed in FEEDS]
    gone = 0
    for _ in range(steps):
        for log in logs:
            land(trial, log, random)
        if random.random() < 0.7:
            trial.must_run()
        if random.random() < 0.5:
            gone += prune(trial, models)
    assert gone > 100, "nothing was pruned: the test proves nothing"


def land(trial: Trial, log: Log, random: Random) -> None:
    """A batch, landed when its last message was published; now and then what was held back, or a replay."""
    topic = log.feed.topic
    first = trial.land(topic, log.batch(random.choice([1, 60, 200])))
    if log.held_back and random.random() < 0.3:
        trial.land(topic, log.held_back, kind="repair")
        log.held_back = []
    if random.random() < 0.2:
        trial.replay(topic, max(1, first - random.randrange(30)), first)
    if random.random() < 0.05:
        log.begin_next_life()
    published = f"(select max(published_at) from raw.{BY_NAME[topic].raw_table})"
    trial.connection.execute(
        f"update ops.batches set committed_at = {published} where topic = ? and batch_id >= ?", [topic, first]
    )


def prune(trial: Trial, models: list[Model]) -> int:
    [(now,)] = trial.rows("select max(committed_at) from ops.batches")
    with transaction(trial.connection):
        pruned = retention.prune(trial.connection, SHORT_LIVED, models, now, new_batch)
    return sum(count for one in pruned for count in one.deleted.values())
