"""The dbt models as assets. The micro-batch run builds them; by hand, any selection can be built here.

By hand dbt builds them, in a process of its own, and its tests look at everything, where the loop's look at
what came last. What the assets are, dagster-dbt has said (orchestration/dbt/specs.py).
"""

from collections.abc import Iterator

import dagster as dg

from ingest.warehouse.protocol import Warehouse
from orchestration.data_versions import CURRENT
from orchestration.dbt.by_dbt import evaluations, model_result, run
from orchestration.dbt.outcome import ModelResult
from orchestration.dbt.plans import current_plan
from orchestration.dbt.specs import asset_specs, check_specs
from orchestration.keys import POOL
from orchestration.preview.tables import previews
from orchestration.resources import WarehouseResource

PLAN = current_plan()
EVERYTHING = {"audit": "full"}


@dg.multi_asset(
    specs=asset_specs(PLAN),
    check_specs=list(check_specs(PLAN)),
    name="dbt_models",
    can_subset=True,
    pool=POOL,
)
def dbt_models(
    context: dg.AssetExecutionContext, database: WarehouseResource
) -> Iterator[dg.MaterializeResult | dg.AssetCheckEvaluation]:
    """Run the selected models, then the selected tests; a file is let go between them."""
    warehouse = database.warehouse
    warehouse.migrate()
    failed = []
    models = [key.path[-1] for key in context.selected_asset_keys]
    if models:
        with warehouse.building():
            found = run("run", "--select", *models, variables=EVERYTHING, run_id=context.run_id)
        for result in map(model_result, found):
            if result.succeeded:
                yield _materialized(result, warehouse)
            else:
                failed.append(f"{result.asset_key.to_user_string()}: {result.message}")
    tests = [key.name for key in context.selected_asset_check_keys]
    if tests:
        found = run("test", "--select", *tests, variables=EVERYTHING, run_id=context.run_id)
        yield from evaluations(found, PLAN)
    if failed:
        raise dg.Failure("dbt could not build " + "; ".join(failed))


def _materialized(result: ModelResult, warehouse: Warehouse) -> dg.MaterializeResult:
    with warehouse.reading() as connection:
        seen = previews(connection, result.asset_key)
    return dg.MaterializeResult(
        asset_key=result.asset_key,
        metadata={
            "build_seconds": round(result.seconds, 3),
            "rows_written": result.rows or 0,
            **seen,
        },
        data_version=CURRENT,
    )


def defs() -> dg.Definitions:
    return dg.Definitions(assets=[dbt_models])
