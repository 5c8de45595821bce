"""The dbt models as assets. The micro-batch run builds them; by hand, any selection can be built here."""

from collections.abc import Iterator

import dagster as dg
from dagster_dbt import dbt_assets

from ingest.warehouse.duckdb_warehouse import DuckDbWarehouse
from orchestration.dbt.project import dbt_project
from orchestration.dbt.results import ResultMapper
from orchestration.dbt.translator import TickhouseTranslator
from orchestration.keys import POOL
from orchestration.preview import newest_rows
from orchestration.resources import WarehouseResource

PROJECT = dbt_project()


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
    """Run what was selected, then its tests; the file is let go between models."""
    from orchestration.dbt.warm import WarmDbt

    database.warehouse.migrate()
    warm = WarmDbt()
    mapper = ResultMapper(warm.manifest_json, PROJECT)
    names = [key.path[-1] for key in context.selected_asset_keys]
    failed = []
    for result in mapper.models(warm.invoke("run", "--select", *names)):
        if not result.succeeded:
            failed.append(f"{result.asset_key.to_user_string()}: {result.message}")
            continue
        yield dg.MaterializeResult(
            asset_key=result.asset_key,
            metadata={
                "build_seconds": round(result.seconds, 3),
                "rows_written": result.rows or 0,
                "newest": _preview(database.warehouse, result.asset_key),
            },
        )
    if context.selected_asset_check_keys:
        yield from mapper.checks(warm.invoke("test", "--select", *names))
    if failed:
        raise dg.Failure("dbt could not build " + "; ".join(failed))


def _preview(warehouse: DuckDbWarehouse, key: dg.AssetKey) -> dg.MetadataValue:
    with warehouse.file.reading() as connection:
        return newest_rows(connection, ".".join(key.path))


def defs() -> dg.Definitions:
    return dg.Definitions(assets=[dbt_models])
