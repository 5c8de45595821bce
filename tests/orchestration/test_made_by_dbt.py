"""While dbt makes a table that is missing, a view on it waits: it would be refused, and turn red."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse
from orchestration.dbt.plan import PlannedModel, View
from orchestration.micro_batch.backoff import Backoff
from orchestration.micro_batch.models import Models
from tests.orchestration.small_plan import FCT, PLAN, STG, make_tables
from tests.warehouse.batches import batch, landing

VIEW = replace(PLAN.models[FCT], statements=View("create or replace view marts.fct as from marts.stg", ()))


@dataclass
class Errands:
    """In the place of dbt's child process."""

    under_way: frozenset[str] = frozenset()
    noted: tuple[str, ...] = ()

    def note(self, models: Iterator[PlannedModel]) -> None:
        self.noted = tuple(model.unique_id for model in models)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Of a warehouse that has lost a table, where the view was never made; a message is new to both."""
    warehouse = DuckDbWarehouse(tmp_path / "warehouse.duckdb")
    make_tables(warehouse)
    warehouse.land(batch(landing(0, 5, None)), "run")
    with warehouse.open() as connection:
        connection.execute("drop table marts.stg; drop table marts.fct")
        connection.execute("delete from ops.model_progress where model = ?", [FCT])
        yield connection


def test_a_view_waits_for_its_table(connection: duckdb.DuckDBPyConnection) -> None:
    errands: Any = Errands()
    plan = replace(PLAN, models={STG: PLAN.models[STG], FCT: VIEW})
    models = Models(
        plan, Backoff(), errands, {"live": 0, "hour": 0}, test_every_seconds=60, is_ddl_transactional=True
    )

    def built() -> dict[str, bool]:
        results = models.build(connection, set(), all_cadences=True, is_whole=True, only_watched=False)
        return {result.unique_id: result.succeeded for result in results}

    assert built() == {}
    assert errands.noted == (STG,)
    errands.under_way = frozenset({STG})
    assert built() == {}
    errands.under_way = frozenset()
    connection.execute("create table marts.stg (batch_id bigint)")
    assert built() == {STG: True, FCT: True}
