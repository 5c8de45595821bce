"""A plan of two models over one topic, and what stands in the place of Kafka and dbt."""

from collections.abc import Sequence

import duckdb

from ingest.operations.runs import LEASE
from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse
from ingest.warehouse.protocol import Batch, Landed
from orchestration.dbt.plan import Plan, PlannedModel, PlannedTest, Rewrite
from tests.warehouse.batches import TOPIC

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
        "A row. | Its batch.",
        f"comment on table {table} is 'A row.'; comment on column {table}.batch_id is 'Its batch.'",
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
    {},
)


class Kafka:
    """In the place of a drain: has what it is told to have."""

    def __init__(self, warehouse: DuckDbWarehouse) -> None:
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


def make_tables(warehouse: DuckDbWarehouse) -> None:
    """With the tables of the models, as an earlier run left them."""
    warehouse.migrate()
    warehouse.take_lease(LEASE, "run")
    with DuckDbWarehouse.open(warehouse) as connection:
        connection.execute("create schema marts")
        for uid in (STG, FCT):
            _make_table(connection, uid)


def _make_table(connection: duckdb.DuckDBPyConnection, uid: str) -> None:
    for table in (f"marts.{uid[-3:]}", f"ops.vanished_{uid[-3:]}"):
        connection.execute(f"create table {table} (batch_id bigint)")
    connection.execute("insert into ops.model_progress values (?, 0, 0, null)", [uid])
