"""The dbt models as assets. The micro-batch run builds them; by hand, any selection can be built here.

By hand its tests look at everything, where the loop's look at what came last.
"""

from collections.abc import Iterator

import dagster as dg
from dagster_dbt import dbt_assets

from ingest.warehouse.protocol import Warehouse
from orchestration.dbt.outcome import ModelResult
from orchestration.dbt.project import dbt_project
from orchestration.dbt.results import ResultMapper
from orchestration.dbt.translator import TickhouseTranslator
from orchestration.dbt.warm import WarmDbt
from orchestration.keys import POOL
from orchestration.preview.tables import previews
from orchestration.resources import WarehouseResource

PROJECT = dbt_project()
EVERYTHING = {"audit": "full"}


@dbt_assets(
    manifest=PROJECT.manifest_path,
    project=PROJECT,
    dagster_dbt_translator=TickhouseTranslator(),
    name="dbt_models",
    pool=POOL,
)
def dbt_models(
    context: dg.AssetExecutionContext, database: WarehouseResource
) -> Iterator[dg.MaterializeResult | dg.AssetCheckEvaluation]:
    """Run the selected models, then the selected tests; a file is let go between them."""
    warehouse = database.warehouse
    warehouse.migrate()
    warm = WarmDbt(EVERYTHING)
    mapper = ResultMapper(warm.manifest_json, PROJECT)
    failed = []
    models = [key.path[-1] for key in context.selected_asset_keys]
    with warehouse.building():
        built = list(mapper.models(warm.invoke("run", "--select", *models))) if models else []
    for result in built:
        if result.succeeded:
            yield _materialized(result, warehouse)
        else:
            failed.append(f"{result.asset_key.to_user_string()}: {result.message}")
    tests = [key.name for key in context.selected_asset_check_keys]
    if tests:
        yield from mapper.checks(warm.invoke("test", "--select", *tests))
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
    )


def defs() -> dg.Definitions:
    return dg.Definitions(assets=[dbt_models])
