"""What earlier runs told the UI: a successor does not say all of it again."""

import time
from collections.abc import Collection

import dagster as dg
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus

COLOURS = {AssetCheckExecutionRecordStatus.SUCCEEDED: True, AssetCheckExecutionRecordStatus.FAILED: False}


class EarlierReports:
    """As the history has them."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self._instance = instance

    def assets(self) -> dict[dg.AssetKey, float]:
        """When each was materialised last, by the monotonic clock of this process."""
        offset = time.monotonic() - time.time()
        told = {}
        for record in self._instance.get_asset_records():
            entry = record.asset_entry
            if entry.last_materialization_record is not None:
                told[entry.asset_key] = _monotonic(entry.last_materialization_record.timestamp, offset)
        return told

    def checks(self, keys: Collection[dg.AssetCheckKey]) -> dict[dg.AssetCheckKey, bool]:
        """Whether those that were told of passed."""
        found = self._instance.event_log_storage.get_latest_asset_check_execution_by_key(list(keys))
        return {key: COLOURS[record.status] for key, record in found.items() if record.status in COLOURS}


def _monotonic(seconds: float, offset: float) -> float:
    """The past, also where the clock was set back since."""
    return min(seconds + offset, time.monotonic())
