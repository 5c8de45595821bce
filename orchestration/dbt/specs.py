"""Models and data tests as Dagster's specs: dagster-dbt makes them once, the plan keeps them.

manifest ─ TickhouseTranslator (make_plan.py) ─▶ plan ─▶ the code location and its runs, without dbt
"""

from collections.abc import Iterator

import dagster as dg

from orchestration.dbt.plan import Plan, PlannedAsset, PlannedModel

COLUMNS = "dagster/column_schema"


def planned_asset(spec: dg.AssetSpec) -> PlannedAsset:
    """What of a spec can be written down; the rest is dagster-dbt's own, for its own runs of dbt."""
    texts = {
        name: value.text if isinstance(value, dg.TextMetadataValue) else value
        for name, value in spec.metadata.items()
    }
    schema = spec.metadata.get(COLUMNS)
    return PlannedAsset(
        tuple(spec.key.path),
        tuple(tuple(dep.asset_key.path) for dep in spec.deps),
        spec.description or "",
        spec.group_name or "",
        tuple(spec.owners),
        dict(spec.tags),
        spec.code_version or "",
        {name: text for name, text in texts.items() if isinstance(text, str)},
        dg.serialize_value(schema) if isinstance(schema, dg.TableSchema) else "",
    )


def asset_specs(plan: Plan) -> list[dg.AssetSpec]:
    """Of all models, with the SQL that builds them."""
    return [_spec(plan, asset, plan.models[uid]) for uid, asset in plan.assets.items()]


def check_specs(plan: Plan) -> Iterator[dg.AssetCheckSpec]:
    """Of all data tests on models."""
    models = {asset.key for asset in plan.assets.values()}
    for uid, test in plan.tests.items():
        if test.asset in models:
            yield dg.AssetCheckSpec(
                test.check,
                asset=dg.AssetKey(test.asset),
                additional_deps=[dg.AssetKey(key) for key in test.also_looks_at],
                blocking=test.is_blocking,
                metadata={"dagster_dbt/unique_id": uid},
            )


def _spec(plan: Plan, asset: PlannedAsset, model: PlannedModel) -> dg.AssetSpec:
    metadata: dict[str, object] = {**asset.facts, "plan": plan.fingerprint, "dbt_version": plan.dbt_version}
    if asset.columns:
        metadata[COLUMNS] = dg.deserialize_value(asset.columns, dg.TableSchema)
    if model.compiled:
        metadata["compiled_sql"] = dg.MetadataValue.md(f"```sql\n{model.compiled.strip()}\n```")
    return dg.AssetSpec(
        dg.AssetKey(asset.key),
        deps=[dg.AssetKey(key) for key in asset.deps],
        description=asset.description,
        group_name=asset.group,
        owners=list(asset.owners),
        tags=dict(asset.tags),
        code_version=asset.code_version or None,
        metadata=metadata,
        skippable=True,
    )
