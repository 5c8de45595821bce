"""When the UI was last told of an asset or a check: a successor does not say all of it again."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field

import dagster as dg


@dataclass(frozen=True, slots=True)
class Told:
    """By the monotonic clock of this process."""

    assets: dict[dg.AssetKey, float] = field(default_factory=dict)
    checks: dict[dg.AssetCheckKey, tuple[float, bool]] = field(default_factory=dict)
    """With whether it was green."""


def told_before(instance: dg.DagsterInstance, checks: Iterable[dg.AssetCheckKey]) -> Told:
    """As the history says it."""
    told, offset = Told(), time.monotonic() - time.time()
    for record in instance.get_asset_records():
        entry = record.asset_entry
        if entry.last_materialization_record is not None:
            told.assets[entry.asset_key] = _monotonic(entry.last_materialization_record.timestamp, offset)
    found = instance.event_log_storage.get_latest_asset_check_execution_by_key(list(checks))
    for key, record in found.items():
        evaluation = None if record.event is None else record.event.asset_check_evaluation
        if record.event is not None and evaluation is not None:
            told.checks[key] = (_monotonic(record.event.timestamp, offset), evaluation.passed)
    return told


def _monotonic(seconds: float, offset: float) -> float:
    """The past, also where the clock was set back since."""
    return min(seconds + offset, time.monotonic())
