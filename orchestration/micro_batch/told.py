"""When the UI was last told of an asset: a successor does not say all of it again."""

import time

import dagster as dg


def told_before(instance: dg.DagsterInstance) -> dict[dg.AssetKey, float]:
    """As the history says it, by the monotonic clock of this process."""
    offset = time.monotonic() - time.time()
    told = {}
    for record in instance.get_asset_records():
        entry = record.asset_entry
        if entry.last_materialization_record is not None:
            told[entry.asset_key] = _monotonic(entry.last_materialization_record.timestamp, offset)
    return told


def _monotonic(seconds: float, offset: float) -> float:
    """The past, also where the clock was set back since."""
    return min(seconds + offset, time.monotonic())
