"""What the UI shows of the tables: how many rows they have, some of them, and pictures."""

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import dagster as dg

from ingest.warehouse.connection import Connection
from ingest.warehouse.protocol import Warehouse
from orchestration.preview.market_pictures import PICTURES
from orchestration.preview.tables import previews, row_counts

PREVIEW_SECONDS = 300
NEW_SECONDS = 10
"""A new table's first report waits for its rows and its picture: so long at most."""
Previews = Mapping[dg.AssetKey, Mapping[str, dg.MetadataValue]]


@dataclass(frozen=True, slots=True)
class Seen:
    """At one moment."""

    row_counts: Mapping[dg.AssetKey, int] = field(default_factory=dict)
    previews: Previews = field(default_factory=dict)


class Shown:
    """Pictures are of now, the other previews are large and come more rarely."""

    def __init__(self, warehouse: Warehouse, every_seconds: float, *, is_metered: bool) -> None:
        self._warehouse = warehouse
        self._every_seconds = every_seconds
        self._is_metered = is_metered
        self._looked_at = float("-inf")
        self._previewed_at = float("-inf")
        self._touched: set[dg.AssetKey] = set()
        self._known: set[dg.AssetKey] = set()
        """Those that were looked at."""

    def touched(self, tables: Collection[dg.AssetKey]) -> None:
        """They have other rows now. Where each question costs, nothing else is looked at."""
        self._touched |= set(tables)

    def look(self, connection: Connection, *, is_last: bool) -> Seen:
        now = time.monotonic()
        new = set() if self._is_metered else self._touched - self._known
        every = min(NEW_SECONDS, self._every_seconds) if new else self._every_seconds
        if not self._touched or (not is_last and now - self._looked_at < every):
            return Seen()
        touched, self._touched = self._touched, set()
        self._known |= touched
        counts = row_counts(self._warehouse, connection)
        shown = self._due_previews(now, counts, touched) | new
        self._looked_at = now
        return Seen(counts, {key: previews(connection, key) for key in counts if key in shown})

    def _due_previews(
        self, now: float, counts: Collection[dg.AssetKey], touched: set[dg.AssetKey]
    ) -> set[dg.AssetKey]:
        if now - self._previewed_at >= PREVIEW_SECONDS:
            self._previewed_at = now
            return touched if self._is_metered else set(counts)
        return set() if self._is_metered else set(PICTURES)
