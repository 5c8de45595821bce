"""What people watch is built first, and others can read it before the rest is built."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest.operations.runs import LEASE
from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse
from orchestration.dbt.plan import Plan
from orchestration.micro_batch import turn
from orchestration.micro_batch.turn import Pace, Turns
from tests.orchestration.small_plan import FCT, PLAN, STG, Kafka, Plans, make_tables
from tests.warehouse.batches import batch, landing


def plan_with(**metas: dict[str, object]) -> Plan:
    nodes = {
        uid: {
            **PLAN.manifest["nodes"][uid],
            "config": {"meta": {"cadence": "live", **metas.get(uid[-3:], {})}},
        }
        for uid in (STG, FCT)
    }
    return replace(PLAN, manifest={**PLAN.manifest, "nodes": nodes})


class Seen(DuckDbWarehouse):
    """Whoever comes when the file is given back notes what is built."""

    then: Callable[[], None] = staticmethod(lambda: None)

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.built: list[dict[str, int]] = []

    @contextmanager
    def open(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with super().open() as connection:
            yield connection
        with self.reading() as connection:
            progress = connection.execute("select model, built_through from ops.model_progress").fetchall()
        self.built.append({uid[-3:]: through for uid, through in progress})
        self.then()


@pytest.fixture
def warehouse(tmp_path: Path) -> Seen:
    warehouse = Seen(tmp_path / "warehouse.duckdb")
    make_tables(warehouse)
    return warehouse


@pytest.fixture
def kafka(warehouse: Seen) -> Kafka:
    kafka = Kafka(warehouse)
    kafka.batches = [batch(landing(0, 5, None))]
    return kafka


def turns_of(warehouse: Seen, kafka: Any, plan: Plan, read: Callable[[Any], None] = lambda _: None) -> Turns:
    plans: Any = Plans(plan)
    return Turns("run", kafka, warehouse, plans, Pace(test=0), read)


def test_others_read_what_is_watched_before_the_rest_is_built(warehouse: Seen, kafka: Kafka) -> None:
    turn = turns_of(warehouse, kafka, plan_with(stg={"watched": True})).take()
    assert warehouse.built == [{"stg": 1, "fct": 0}, {"stg": 1, "fct": 1}]
    assert [result.asset_key.path[-1] for result in turn.built] == ["stg", "fct"]


def test_what_is_watched_comes_with_what_it_stands_on(warehouse: Seen, kafka: Kafka) -> None:
    turns_of(warehouse, kafka, plan_with(fct={"watched": True})).take()
    assert warehouse.built == [{"stg": 1, "fct": 1}] * 2


def test_where_nothing_is_watched_the_file_is_taken_once(warehouse: Seen, kafka: Kafka) -> None:
    turns_of(warehouse, kafka, plan_with()).take()
    assert warehouse.built == [{"stg": 1, "fct": 1}]


def test_a_watched_model_that_fails_is_tried_once_a_turn(warehouse: Seen, kafka: Kafka) -> None:
    with DuckDbWarehouse.open(warehouse) as connection:
        connection.execute("drop table ops.vanished_stg")
        connection.execute("insert into marts.stg values (1)")
    turn = turns_of(warehouse, kafka, plan_with(stg={"watched": True})).take()
    assert [(result.asset_key.path[-1], result.succeeded) for result in turn.built] == [("stg", False)]


def test_a_run_that_lost_its_lease_in_between_builds_no_more(warehouse: Seen, kafka: Kafka) -> None:
    turns = turns_of(warehouse, kafka, plan_with(stg={"watched": True}))
    warehouse.then = lambda: warehouse.take_lease(LEASE, "another")
    turn = turns.take()
    assert turn.relieved
    assert warehouse.built[-1] == {"stg": 1, "fct": 0}


def test_the_rest_comes_with_every_few_turns(warehouse: Seen, kafka: Kafka) -> None:
    turns = turns_of(warehouse, kafka, plan_with(stg={"watched": True}))
    turns.take()
    kafka.batches = [batch(landing(5, 9, 5))]
    turns.take()
    assert warehouse.built[2:] == [{"stg": 2, "fct": 1}]
    turns.take(is_last=True)
    assert warehouse.built[-1] == {"stg": 2, "fct": 2}


def test_until_all_of_it_was_built_the_rest_comes_more_often(
    warehouse: Seen, kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turn, "FIRST_REST_SECONDS", 0)
    turns = turns_of(warehouse, kafka, plan_with(stg={"watched": True}))
    turns.take()
    for first in (5, 9):
        kafka.batches = [batch(landing(first, first + 4, first))]
        turns.take()
    assert warehouse.built[2:] == [{"stg": 2, "fct": 1}, {"stg": 3, "fct": 1}]


def test_sinks_are_read_for_when_what_is_watched_is_built(warehouse: Seen, kafka: Kafka) -> None:
    seen: list[int] = []

    def read(connection: duckdb.DuckDBPyConnection) -> None:
        query = "select built_through from ops.model_progress where model like '%stg'"
        ((through,),) = connection.execute(query).fetchall()
        seen.append(through)

    turns = turns_of(warehouse, kafka, plan_with(stg={"watched": True}), read)
    turns.take()
    kafka.batches = [batch(landing(5, 9, 5))]
    turns.take()
    assert seen == [1, 2]
