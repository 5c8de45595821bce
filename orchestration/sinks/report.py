"""What the UI is told of the sinks while the loop runs: with the sums since, an asset every so often."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import dagster as dg

from ingest.sinks.writer import Delivery
from orchestration.data_versions import version_tags
from orchestration.keys import sink_key


@dataclass(slots=True)
class _Sums:
    """What was written to one asset since it was last reported."""

    rows: int = 0
    refused: int = 0
    writes: int = 0
    newest: Delivery | None = None


class SinkReport:
    """Gathers deliveries; `events` says what is due."""

    def __init__(self, *, asset_seconds: float) -> None:
        self._asset_seconds = asset_seconds
        self._sums: dict[dg.AssetKey, _Sums] = {}
        self._told: dict[dg.AssetKey, float] = {}

    def delivered(self, deliveries: Iterable[Delivery]) -> list[str]:
        """Add what was written; what went wrong, as lines for the log."""
        troubles = []
        for delivery in deliveries:
            if delivery.error is not None:
                troubles.append(f"{delivery.sink}/{delivery.target.name}: {delivery.error}")
                continue
            sums = self._sums.setdefault(sink_key(delivery.sink, delivery.target.name), _Sums())
            sums.rows += delivery.row_count
            sums.refused += delivery.refused_count
            sums.writes += 1
            sums.newest = delivery
        return troubles

    def events(self, *, everything: bool = False) -> Iterator[dg.AssetMaterialization]:
        now = time.monotonic()
        for key, sums in list(self._sums.items()):
            if everything or now - self._told.get(key, float("-inf")) >= self._asset_seconds:
                self._told[key] = now
                del self._sums[key]
                yield dg.AssetMaterialization(key, metadata=_metadata(sums), tags=_tags(sums))


def _tags(sums: _Sums) -> dict[str, str]:
    marts = [] if sums.newest is None else [sums.newest.target.mart]
    return version_tags(dg.AssetKey(["marts", mart]) for mart in marts)


def _metadata(sums: _Sums) -> dict[str, int | float | str]:
    found: dict[str, int | float | str] = {
        "rows_written": sums.rows,
        "rows_refused": sums.refused,
        "writes": sums.writes,
    }
    newest = sums.newest
    if newest is not None and newest.state is not None:
        found |= {"lag_seconds": round(newest.seconds, 3), "generation": newest.state.generation}
        if newest.state.through is not None:
            found["through"] = newest.state.through.batch
    return found
