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
from orchestration.dbt.plan import Plan, PlannedModel, PlannedTest, Rewrite
from orchestration.micro_batch import backoff, models, raw_checker, shown, statements, tester, turn
from orchestration.micro_batch.turn import Pace, Turn, Turns
from tests.warehouse.batches import TOPIC, batch, landing

STG, FCT = "model.t.stg", "model.t.fct"
CADENCES = {STG: "live", FCT: "hour"}
PARENTS = {STG: ["source.t.raw"], FCT: [STG]}


def planned(uid: str) -> PlannedModel:
    """Writes one row a batch."""
    name = uid.rpartition(".")[2]
    new = "batch_id > <built_through> and batch_id <= <building_through>"
    table, affected, before = f"marts.{name}", f"affected_{name}", f"before_{name}"
    statements = Rewrite(
        f"create or replace temporary table {affected} as select batch_id from ops.batches where {new}",
        f"create or replace temporary table {before} as from {table} semi join {affected} using (batch_id)",
        f"delete from {table} using {affected} as affected where {name}.batch_id = affected.batch_id",
        f"insert into {table} select batch_id from {affected}",
        None,
        f"insert into ops.vanished_{name} select batch_id from {before} where false",
        (),
        "",
    )
    return PlannedModel(uid, "marts", name, frozenset({"batch_id"}), tuple(PARENTS[uid]), statements)


def planned_test(*models: str) -> PlannedTest:
    return PlannedTest("test.t", ("marts", "stg"), "none", models, "select 0, false, false", can_fail=True)


PLAN = Plan(
    "fingerprint",
    "1.11",
    {
        "sources": {"source.t.raw": {"name": TOPIC.raw_table}},
        "nodes": {
            uid: {"resource_type": "model", "name": uid[-3:], "config": {"meta": {"cadence": cadence}}}
            for uid, cadence in CADENCES.items()
        },
        "parent_map": {"source.t.raw": [], **PARENTS},
    },
    {uid: planned(uid) for uid in (STG, FCT)},
    {"test.t": planned_test(STG)},
)


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


class Plans:
    """One that never changes."""

    def __init__(self, plan: Plan) -> None:
        self.current = self.wait = lambda: plan


@pytest.fixture
def warehouse(tmp_path: Path) -> Metered:
    """With the tables of the models, as an earlier run left them."""
    warehouse = Metered(tmp_path / "warehouse.duckdb")
    warehouse.migrate()
    warehouse.take_lease(LEASE, "run")
    with DuckDbWarehouse.open(warehouse) as connection:
        connection.execute("create schema marts")
        for uid in (STG, FCT):
            for table in (f"marts.{uid[-3:]}", f"ops.vanished_{uid[-3:]}"):
                connection.execute(f"create table {table} (batch_id bigint)")
            connection.execute("insert into ops.model_progress values (?, 0, 0, null)", [uid])
    return warehouse


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Goes on when it is told to; the warehouse's own goes on by itself."""
    clock = SimpleNamespace(now=0.0)
    clock.monotonic = lambda: clock.now
    for module in (turn, models, tester, raw_checker, shown, statements, backoff):
        monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.fixture
def kafka(warehouse: Metered) -> Kafka:
    return Kafka(warehouse)


def turns_of(warehouse: Metered, kafka: Any, plan: Plan = PLAN) -> Turns:
    plans: Any = Plans(plan)
    return Turns("run", kafka, warehouse, plans, Pace(test=300))


@pytest.fixture
def turns(warehouse: Metered, kafka: Kafka) -> Turns:
    return turns_of(warehouse, kafka)


def built(turn: Turn) -> list[str]:
    return [result.asset_key.path[-1] for result in turn.built if result.succeeded]


def test_a_turn_with_work_does_all_of_it_and_those_after_it_ask_nothing(
    warehouse: Metered, kafka: Kafka, turns: Turns, clock: SimpleNamespace
) -> None:
    kafka.batches = [batch(landing(0, 5, None))]
    done = turns.take()
    assert built(done) == ["stg", "fct"]
    assert [test.passed for test in done.tests] == [True]
    assert done.row_count == 5
    assert done.checks
    for _ in range(3):
        clock.now += 60
        assert not turns.take().did_something
    assert not turns.take(is_last=True).did_something
    assert warehouse.asked == 1
    assert turns.next_due_seconds is None


def test_a_test_of_two_models_is_run_though_one_of_them_is_built_less_often(
    warehouse: Metered, kafka: Kafka, clock: SimpleNamespace
) -> None:
    turns = turns_of(warehouse, kafka, replace(PLAN, tests={"test.t": planned_test(STG, FCT)}))
    kafka.batches = [batch(landing(0, 5, None))]
    turns.take()
    clock.now += 300
    kafka.batches = [batch(landing(5, 10, 5))]
    second = turns.take()
    assert built(second) == ["stg"]
    assert [test.check_name for test in second.tests] == ["none"]


def test_a_slower_model_is_built_when_its_cadence_is_due_also_by_the_last_turn(
    warehouse: Metered, kafka: Kafka, turns: Turns, clock: SimpleNamespace
) -> None:
    kafka.batches = [batch(landing(0, 5, None))]
    turns.take()
    kafka.batches = [batch(landing(5, 9, 5))]
    clock.now = 60
    second = turns.take()
    assert built(second) == ["stg"]
    assert not second.tests
    assert turns.next_due_seconds == pytest.approx(3600, abs=60)
    last = turns.take(is_last=True)
    assert built(last) == []  # the hour is not over
    assert last.tests
    asked = warehouse.asked
    clock.now = 3000
    turns.take()
    assert warehouse.asked == asked
    with DuckDbWarehouse.open(warehouse) as connection:
        connection.execute("update ops.model_progress set settled_at = settled_at - interval 1 hour")
    clock.now = 3700
    assert built(turns.take()) == ["fct"]


def test_a_model_that_failed_is_tried_again_in_its_time(
    warehouse: Metered, kafka: Kafka, turns: Turns, clock: SimpleNamespace
) -> None:
    """Its child waits; what it was to build stays claimed, for whoever looks."""
    kafka.batches = [batch(landing(0, 5, None))]
    with DuckDbWarehouse.open(warehouse) as connection:
        connection.execute("alter table ops.vanished_stg rename to out_of_reach")
        connection.execute("alter table marts.stg rename column batch_id to renamed")
    (failed,) = turns.take().built
    assert "marts.stg has the columns renamed; its contract says batch_id" in failed.message
    turns.backoff.failed(STG)
    asked = warehouse.asked
    turns.take()
    assert warehouse.asked == asked
    with DuckDbWarehouse.open(warehouse) as connection:
        connection.execute("alter table marts.stg rename column renamed to batch_id")
        connection.execute("insert into marts.stg values (1)")
    clock.now += 6
    (failed,) = turns.take().built
    assert "vanished_stg" in failed.message
    with DuckDbWarehouse.open(warehouse) as connection:
        progress = "select built_through, building_through from ops.model_progress where model = ?"
        assert connection.execute(progress, [STG]).fetchall() == [(0, 1)]
        connection.execute("alter table ops.out_of_reach rename to vanished_stg")
    turns.backoff.failed(STG)
    clock.now += 60
    assert built(turns.take()) == ["stg", "fct"]
