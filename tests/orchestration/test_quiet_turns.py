"""Where each question costs, a run asks the warehouse only if there is something to do."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from ingest.operations.runs import LEASE
from ingest.warehouse.duckdb.capabilities import CAPABILITIES
from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse
from ingest.warehouse.protocol import Batch, Landed
from orchestration.micro_batch import backoff, turn
from orchestration.micro_batch.turn import Turns
from tests.warehouse.batches import TOPIC, batch, landing

MANIFEST = {
    "sources": {"source.t.raw": {"name": TOPIC.raw_table}},
    "nodes": {
        f"model.t.{name}": {
            "resource_type": "model",
            "name": name,
            "config": {"meta": {"cadence": cadence}},
        }
        for name, cadence in (("stg", "live"), ("fct", "hour"))
    },
    "parent_map": {"source.t.raw": [], "model.t.stg": ["source.t.raw"], "model.t.fct": ["model.t.stg"]},
}


class Metered(DuckDbWarehouse):
    """Counts how often it is asked."""

    capabilities = replace(CAPABILITIES, is_metered=True)
    asked = 0

    @contextmanager
    def open(self) -> Iterator[duckdb.DuckDBPyConnection]:
        self.asked += 1
        with super().open() as connection:
            yield connection


class Kafka:
    """In the place of a drain: has what it is told to have."""

    def __init__(self, warehouse: Metered) -> None:
        self.batches: list[Batch] = []
        self._warehouse = warehouse

    def fetch(self) -> list[Batch]:
        found, self.batches = self.batches, []
        return found

    def prepare(self, batches: Sequence[Batch]) -> Sequence[Batch]:
        return batches

    def land(self, batch: Batch) -> Landed:
        return self._warehouse.land(batch, "run")


class Dbt:
    """Builds what it is told to by writing it down, or fails."""

    manifest_json = MANIFEST

    def __init__(self, warehouse: Metered) -> None:
        self.commands: list[list[str]] = []
        self.is_broken = False
        self._warehouse = warehouse

    def invoke(self, command: str, *arguments: str) -> Any:
        names = [name for name in arguments if name in ("stg", "fct")]
        self.commands.append([command, *sorted(names)])
        connection = self._warehouse._open
        assert connection is not None
        if not self.is_broken and command == "run":
            for name in names:
                connection.execute(
                    """insert or replace into ops.model_progress
                       select ?, max(batch_id), max(batch_id), now()::timestamp from ops.batches""",
                    [f"model.t.{name}"],
                )
        status = "error" if self.is_broken else "success"
        nodes = [SimpleNamespace(name=name, schema="marts", unique_id=f"model.t.{name}") for name in names]
        return SimpleNamespace(results=[SimpleNamespace(node=node, status=status) for node in nodes])


@pytest.fixture
def warehouse(tmp_path: Path) -> Metered:
    warehouse = Metered(tmp_path / "warehouse.duckdb")
    warehouse.migrate()
    warehouse.take_lease(LEASE, "run")
    return warehouse


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Goes on when it is told to; the warehouse's own goes on by itself."""
    clock = SimpleNamespace(now=0.0)
    clock.monotonic = lambda: clock.now
    monkeypatch.setattr(turn, "time", clock)
    monkeypatch.setattr(backoff, "time", clock)
    return clock


@pytest.fixture
def kafka(warehouse: Metered) -> Kafka:
    return Kafka(warehouse)


@pytest.fixture
def dbt(warehouse: Metered) -> Dbt:
    return Dbt(warehouse)


@pytest.fixture
def turns(warehouse: Metered, kafka: Any, dbt: Any) -> Turns:
    return Turns("run", kafka, warehouse, dbt)


def test_a_turn_with_work_does_all_of_it_and_those_after_it_ask_nothing(
    warehouse: Metered, kafka: Kafka, dbt: Dbt, turns: Turns, clock: SimpleNamespace
) -> None:
    kafka.batches = [batch(landing(0, 5, None))]
    done = turns.take(test_every_seconds=300)
    assert dbt.commands == [["run", "fct", "stg"], ["test", "fct", "stg"]]
    assert done.row_count == 5
    assert done.checks
    for _ in range(3):
        clock.now += 60
        assert not turns.take(test_every_seconds=300).did_something
    assert not turns.take(test_every_seconds=0, is_last=True).did_something
    assert warehouse.asked == 1
    assert turns.next_due_seconds is None


def test_a_test_of_two_models_is_run_though_one_of_them_is_built_less_often(
    warehouse: Metered, kafka: Any, dbt: Any, clock: SimpleNamespace
) -> None:
    """dbt leaves it out unless both are named."""
    both = {"resource_type": "test", "depends_on": {"nodes": ["model.t.stg", "model.t.fct"]}}
    dbt.manifest_json = {**MANIFEST, "nodes": {**MANIFEST["nodes"], "test.t.both": both}}
    turns = Turns("run", kafka, warehouse, dbt)
    for first in (0, 5):
        kafka.batches = [batch(landing(first, first + 5, first or None))]
        clock.now += 300
        turns.take(test_every_seconds=300)
    assert dbt.commands[2:] == [["run", "stg"], ["test", "fct", "stg"]]


def test_a_slower_model_is_built_when_its_cadence_is_due_also_by_the_last_turn(
    warehouse: Metered, kafka: Kafka, dbt: Dbt, turns: Turns, clock: SimpleNamespace
) -> None:
    kafka.batches = [batch(landing(0, 5, None))]
    turns.take(test_every_seconds=300)
    kafka.batches = [batch(landing(5, 9, 5))]
    clock.now = 60
    turns.take(test_every_seconds=300)
    assert dbt.commands[2:] == [["run", "stg"]]
    assert turns.next_due_seconds == pytest.approx(3600, abs=60)
    turns.take(test_every_seconds=0, is_last=True)
    assert dbt.commands[3:] == [["test", "stg"]]  # it was not tested since; the hour is not over
    asked = warehouse.asked
    clock.now = 3000
    turns.take(test_every_seconds=300)
    assert warehouse.asked == asked
    with DuckDbWarehouse.open(warehouse) as connection:
        connection.execute("update ops.model_progress set settled_at = settled_at - interval 1 hour")
    clock.now = 3700
    turns.take(test_every_seconds=300)
    assert dbt.commands[4] == ["run", "fct"]


def test_a_model_that_failed_is_tried_again_in_its_time(
    warehouse: Metered, kafka: Kafka, dbt: Dbt, turns: Turns, clock: SimpleNamespace
) -> None:
    kafka.batches = [batch(landing(0, 5, None))]
    dbt.is_broken = True
    turns.take(test_every_seconds=300)
    for name in ("stg", "fct"):
        turns.backoff.failed(f"model.t.{name}")
    asked = warehouse.asked
    turns.take(test_every_seconds=300)
    assert warehouse.asked == asked
    dbt.is_broken = False
    clock.now += 6
    turns.take(test_every_seconds=300)
    assert dbt.commands[1] == ["run", "fct", "stg"]
