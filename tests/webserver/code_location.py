"""For Dagster to load: assets and a check with keys of ours, and an asset to be harmed."""

import dagster as dg

from ingest.core.topics import BY_NAME
from orchestration.keys import IS_BUILT, raw_key
from orchestration.notify.price_alerts import ALERTS

RAW = raw_key(BY_NAME["binance.trades"].raw_table)
MART = dg.AssetKey(["marts", "fct_vwap_session"])
VICTIM = dg.AssetKey("victim")


@dg.asset(key=VICTIM)
def victim() -> None: ...


@dg.asset_check(asset=MART, name=IS_BUILT)
def is_built() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=True)


defs = dg.Definitions(assets=[victim, *map(dg.AssetSpec, (RAW, MART, ALERTS))], asset_checks=[is_built])
