"""Where each question costs, a run asks the warehouse only if there is something to do."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from ingest.warehouse.duckdb.capabilities import CAPABILITIES
from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse
from orchestration.dbt.plan import Plan
from orchestration.micro_batch import backoff, models, raw_checker, shown, statements, tester, turn
from orchestration.micro_batch.turn import Pace, Turn, Turns
from tests.orchestration.small_plan import FCT, PLAN, STG, Kafka, Plans, make_tables, planned_test
from tests.warehouse.batches import batch, landing


class Metered(DuckDbWarehouse):
    """Counts how often it is asked."""

    capabilities = replace(CAPABILITIES, is_metered=True)
    asked = 0

    @contextmanager
    def open(self) -> Iterator[duckdb.DuckDBPyConnection]:
        self.asked += 1
        with super().open() as connection:
            yield connection


@pytest.fixture
def warehouse(tmp_path: Path) -> Metered:
    warehouse = Metered(tmp_path / "warehouse.duckdb")
    make_tables(warehouse)
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
