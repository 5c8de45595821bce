"""An asset per sink and mart, downstream of the mart. Materialised by hand it begins a generation."""

import dagster as dg

from ingest.core.settings import load_settings
from ingest.sinks.audit import Audited, audit_target, bring_on
from ingest.sinks.open import open_sink, targets_of
from ingest.sinks.targets import Target
from ingest.warehouse.followed import open_marts
from ingest.warehouse.models import read_models
from orchestration.data_versions import CURRENT
from orchestration.keys import OWNERS, POOL, sink_key

EQUALS_MART = "equals_mart"


def sink_asset(name: str, target: Target) -> dg.AssetsDefinition:
    @dg.asset(
        key=sink_key(name, target.name),
        deps=[dg.AssetKey(["marts", target.mart])],
        kinds={name},
        group_name="sinks",
        owners=OWNERS,
        pool=POOL,
        description=f"`{target.mart}` in {name}, at a state that the store keeps with its rows. The "
        "micro-batch run keeps it up to date; by hand it is written anew, beside what it holds.",
    )
    def written_anew() -> dg.MaterializeResult:
        settings = load_settings()
        sink = open_sink(settings, name)
        try:
            rows = bring_on(open_marts(settings), _models(), sink, target, anew=True)
            state = sink.state(target)
        finally:
            sink.close()
        through = state.through.batch if state and state.through else 0
        return dg.MaterializeResult(metadata={"rows_written": rows, "through": through}, data_version=CURRENT)

    return written_anew


def equals_mart(name: str, target: Target) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=sink_key(name, target.name),
        name=EQUALS_MART,
        pool=POOL,
        description="Rows counted and digested on both sides, at the same state.",
    )
    def compared() -> dg.AssetCheckResult:
        settings = load_settings()
        sink = open_sink(settings, name)
        try:
            return _result(audit_target(open_marts(settings), _models(), sink, target))
        finally:
            sink.close()

    return compared


def _result(found: Audited | None) -> dg.AssetCheckResult:
    if found is None:
        return dg.AssetCheckResult(passed=True, description="The mart was not built yet.")
    counts = {"rows_of_the_mart": found.mart[0], "rows_of_the_store": found.store[0]}
    return dg.AssetCheckResult(passed=found.is_equal, metadata=counts)


def _models() -> dict:
    return {model.name: model for model in read_models()}


def defs() -> dg.Definitions:
    settings = load_settings()
    wanted = [(name, target) for name in settings.sink_names for target in targets_of(settings, name)]
    return dg.Definitions(
        assets=[sink_asset(name, target) for name, target in wanted],
        asset_checks=[equals_mart(name, target) for name, target in wanted],
    )
