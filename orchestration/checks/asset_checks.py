"""Checks that are Python rather than dbt tests; the micro-batch run evaluates the same functions."""

from collections.abc import Iterator

import dagster as dg

from ingest.core.topics import BY_RAW_TABLE, TOPICS
from orchestration.checks.raw_tables import RAW_CHECKS
from orchestration.dbt.plans import current_plan
from orchestration.keys import IS_BUILT, raw_key
from orchestration.resources import WarehouseResource


def raw_check_specs() -> list[dg.AssetCheckSpec]:
    return [
        dg.AssetCheckSpec(check.__name__, asset=raw_key(topic.raw_table), description=check.__doc__)
        for topic in TOPICS
        for check in RAW_CHECKS
    ]


@dg.multi_asset_check(specs=raw_check_specs(), name="raw_checks", can_subset=True)
def raw_table_checks(
    context: dg.AssetCheckExecutionContext, database: WarehouseResource
) -> Iterator[dg.AssetCheckResult]:
    """Over everything that has landed."""
    by_name = {check.__name__: check for check in RAW_CHECKS}
    with database.warehouse.reading() as connection:
        for key in context.selected_asset_check_keys:
            topic = BY_RAW_TABLE[key.asset_key.path[-1]]
            result = by_name[key.name](connection, topic, 0)
            if result is None:
                continue
            yield dg.AssetCheckResult(
                asset_key=key.asset_key,
                check_name=key.name,
                passed=result.passed,
                severity=dg.AssetCheckSeverity.WARN if result.is_warning else dg.AssetCheckSeverity.ERROR,
                metadata=dict(result.metadata),
            )


MODEL_IDS = {dg.AssetKey(asset.key): uid for uid, asset in current_plan().assets.items()}


@dg.multi_asset_check(
    specs=[
        dg.AssetCheckSpec(IS_BUILT, asset=key, description="The model's last build went through.")
        for key in MODEL_IDS
    ],
    name="models_built",
    can_subset=True,
)
def model_checks(
    context: dg.AssetCheckExecutionContext, database: WarehouseResource
) -> Iterator[dg.AssetCheckResult]:
    """From what the models themselves wrote down: a build that was claimed and never settled has failed."""
    with database.warehouse.reading() as connection:
        progress = {
            model: (through, until)
            for model, through, until in connection.execute(
                "select model, built_through, building_through from ops.model_progress"
            ).fetchall()
        }
    for key in context.selected_asset_check_keys:
        through, until = progress.get(MODEL_IDS[key.asset_key], (0, None))
        yield dg.AssetCheckResult(
            asset_key=key.asset_key,
            check_name=key.name,
            passed=through == until,
            metadata={"built_through": through},
        )


def defs() -> dg.Definitions:
    return dg.Definitions(asset_checks=[raw_table_checks, model_checks])
