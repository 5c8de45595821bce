"""A store that follows the change feed holds what the mart holds, after every turn of a random life."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from ingest.core.topics import BY_NAME
from ingest.sinks import changes
from ingest.sinks.changes import ChangeFeed
from ingest.sinks.state import State
from ingest.warehouse import retention
from ingest.warehouse.connection import transaction
from ingest.warehouse.duckdb.warehouse import new_batch
from ingest.warehouse.models import Model
from tests.dbt.feeds import Trades
from tests.dbt.log import Log
from tests.dbt.random_life import FED, live_through
from tests.dbt.trial import Project, Trial, open_trial
from tests.sinks.following import Follower, every_table

OF_TRADES = frozenset(
    (
        *("stg_binance__trades", "stg_coinbase__trades", "stg_kraken__trades"),
        *("fct_trades", "fct_candles_1s", "fct_candles_1m", "dim_symbols"),
    )
)
NOW = datetime(2030, 1, 1)  # noqa: DTZ001
SHORT_LIVED = [replace(BY_NAME["binance.trades"], raw_retention=timedelta(minutes=2))]


def test_a_dictionary_that_follows_equals_every_mart(
    project: Project, models: list[Model], tmp_path: Path
) -> None:
    """It takes forty rows at a time, and is sometimes left in the middle of its work for a turn."""
    random = Random(3)
    with open_trial(project.fed_by(FED), tmp_path) as trial:
        follower = Follower(models, every_table(models, trial.project.models), limit=40)

        def after_step() -> None:
            if random.random() < 0.4:
                follower.follow(trial, pieces=1)
            else:
                follower.follow(trial)
                follower.check(trial)
                assert follower.follow(trial) == 0

        live_through(trial, seed=3, steps=5, after_step=after_step)
        follower.follow(trial)
        follower.check(trial)
        assert len(follower.sink.targets) > 40


@pytest.fixture(autouse=True)
def _floors_at_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "HOUR", timedelta(minutes=1))


@pytest.fixture
def of_trades(project: Project) -> Project:
    return replace(project, chosen=OF_TRADES)


Life = Callable[[Project, list[Model], Path], None]


def corrected(project: Project, models: list[Model], home: Path) -> None:
    """Rows vanish from marts whose batches are built again, and come back."""
    with open_trial(project, home) as trial:
        follower, log = begun(trial, models)
        before = trial.rows("select batch_id, kafka_offset, payload from raw.binance_trades order by all")
        for payload in ("null", None):
            for batch_id, offset, text in before[:50]:
                trial.connection.execute(
                    "update raw.binance_trades set payload = ? where batch_id = ? and kafka_offset = ?",
                    [payload or text, batch_id, offset],
                )
            trial.replay(log.feed.topic, 1, before[-1][0])
            follower.turn(trial)
            assert follower.sink.begun.total() == len(follower.sink.targets)


def rebuilt(project: Project, models: list[Model], home: Path) -> None:
    """Built anew, of messages that somebody mended by hand: at the same batch numbers."""
    with open_trial(project, home) as trial:
        follower, _ = begun(trial, models)
        trial.connection.execute("delete from raw.binance_trades where kafka_offset % 2 = 0")
        trial.must_run("--full-refresh")
        follower.follow(trial)
        follower.check(trial)
        assert follower.sink.begun.total() == 2 * len(follower.sink.targets)


def pruned(project: Project, models: list[Model], home: Path) -> None:
    """A store that is up to date keeps what the mart prunes; one that is not begins anew where it must."""
    with open_trial(project, home) as trial:
        follower, log = begun(trial, models)
        late = Follower(models, follower.sink.targets)
        late.follow(trial)
        for _ in range(4):
            land(trial, log)
            follower.turn(trial)
        assert prune(trial, models) > 50
        follower.turn(trial, kept_longer=True)
        assert follower.sink.begun.total() == len(follower.sink.targets)
        late.turn(trial, kept_longer=True)
        assert late.sink.begun.total() > len(follower.sink.targets)


def forgotten(project: Project, models: list[Model], home: Path) -> None:
    """Rows vanish while a store is away, and the notes of that are dropped before it comes back."""
    with open_trial(project, home) as trial:
        follower, log = begun(trial, models)
        trial.connection.execute("update raw.binance_trades set payload = 'null' where kafka_offset % 2 = 0")
        trial.replay(log.feed.topic, 1, 1)
        trial.must_run()
        with transaction(trial.connection):
            retention.prune(trial.connection, [], [m for m in models if m.name in OF_TRADES], NOW, new_batch)
        follower.follow(trial)
        follower.check(trial)


def restored(project: Project, models: list[Model], home: Path) -> None:
    """Yesterday's warehouse, and other messages under the batch numbers that the store has seen."""
    with open_trial(project, home) as trial:
        follower, log = begun(trial, models)
    shutil.copy(home / "warehouse.duckdb", home / "yesterday")
    with open_trial(project, home) as trial:
        land(trial, log)
        follower.turn(trial)
    shutil.copy(home / "yesterday", home / "warehouse.duckdb")
    with open_trial(project, home) as trial:
        log.batch(30)  # these are lost
        land(trial, log)
        trial.must_run()
        follower.follow(trial)
        follower.check(trial)


def restored_to_its_own_batches(project: Project, models: list[Model], home: Path) -> None:
    """A store that has not passed the restored state goes on from where it is."""
    with open_trial(project, home) as trial:
        follower, log = begun(trial, models)
        land(trial, log)
        trial.must_run()
    shutil.copy(home / "warehouse.duckdb", home / "yesterday")
    shutil.copy(home / "yesterday", home / "warehouse.duckdb")
    with open_trial(project, home) as trial:
        follower.turn(trial)
        assert follower.sink.begun.total() == len(follower.sink.targets)


LIVES: Sequence[Life] = (corrected, rebuilt, pruned, forgotten, restored, restored_to_its_own_batches)


@pytest.mark.parametrize("life", LIVES, ids=lambda life: life.__name__)
def test_it_follows_through(of_trades: Project, models: list[Model], tmp_path: Path, life: Life) -> None:
    life(of_trades, models, tmp_path)


def _blind_to_vanished(model: Model, begun: State, columns: str, condition: str) -> str:
    return f"select {columns} from {model.relation} where {condition}"


def _any_generation(feed: ChangeFeed, state: State, new: State, *_: object) -> bool:
    return state.layout == new.layout


def _any_mark(feed: ChangeFeed, mark: str) -> bool:
    return True


@pytest.mark.parametrize(
    ("life", "planted"),
    [
        (corrected, (changes, "_touched", _blind_to_vanished)),
        (rebuilt, (ChangeFeed, "_leads_on", _any_generation)),
        (forgotten, (ChangeFeed, "_leads_on", _any_generation)),
        (restored, (ChangeFeed, "_is_ours", _any_mark)),
    ],
    ids=["vanished is ignored", "a rebuild is ignored", "dropped notes are ignored", "a restore is ignored"],
)
def test_the_proof_finds(
    of_trades: Project,
    models: list[Model],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    life: Life,
    planted: tuple[object, str, object],
) -> None:
    monkeypatch.setattr(*planted)
    with pytest.raises(AssertionError, match="the store holds something else"):
        life(of_trades, models, tmp_path)


def begun(trial: Trial, models: list[Model]) -> tuple[Follower, Log]:
    """Some trades, their marts, and a store that holds them."""
    random = Random(1)
    log = Log(Trades(random), random)
    land(trial, log)
    follower = Follower(models, every_table(models, OF_TRADES))
    follower.turn(trial)
    return follower, log


def land(trial: Trial, log: Log) -> None:
    first = trial.land(log.feed.topic, log.batch(120))
    published = "(select max(published_at) from raw.binance_trades)"
    trial.connection.execute(f"update ops.batches set committed_at = {published} where batch_id = {first}")


def prune(trial: Trial, models: list[Model]) -> int:
    [(now,)] = trial.rows("select max(committed_at) from ops.batches")
    chosen = [model for model in models if model.name in OF_TRADES]
    with transaction(trial.connection):
        found = retention.prune(trial.connection, SHORT_LIVED, chosen, now, new_batch)
    return sum(count for one in found for count in one.deleted.values())
