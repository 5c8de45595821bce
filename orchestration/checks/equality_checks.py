"""The nightly check of each model: is it what building everything anew gives? It wants a copy to build in."""

from collections.abc import Iterator

import dagster as dg

from ingest.core.settings import load_settings
from orchestration.checks.asset_checks import MODEL_IDS
from orchestration.checks.equality import differences_to_rebuild
from orchestration.keys import EQUALS_REBUILD, POOL


@dg.multi_asset_check(
    specs=[
        dg.AssetCheckSpec(
            EQUALS_REBUILD, asset=key, description="Building everything anew, in a copy, gives the same rows."
        )
        for key in MODEL_IDS
    ],
    name="models_equal_a_rebuild",
    can_subset=True,
    pool=POOL,
)
def equality_checks(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
    """Takes as long as a rebuild, and twice the room of the warehouse: nightly, or when asked by name.

    Dagster runs each check of an asset that somebody materialises; this one would make a click take minutes.
    """
    if context.run.asset_selection:
        context.log.info("Not run beside a build: the nightly audit runs it, or Execute on its own page.")
        return
    relations = {".".join(key.asset_key.path): key for key in context.selected_asset_check_keys}
    for relation, count in differences_to_rebuild(load_settings(), relations).items():
        yield dg.AssetCheckResult(
            asset_key=relations[relation].asset_key,
            check_name=EQUALS_REBUILD,
            passed=count == 0,
            metadata={"different_rows": count},
        )


def defs() -> dg.Definitions:
    return dg.Definitions(asset_checks=[equality_checks])
