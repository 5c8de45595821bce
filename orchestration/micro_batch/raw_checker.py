"""The raw tables' own checks, now and then, of what landed since they were last asked."""

import time

from ingest.warehouse.connection import Connection
from orchestration.checks.raw_tables import CheckResult, newest_batch_id, raw_checks

# How far back a new run checks; the nightly audit checks all.
RECENT_BATCHES = 500


class RawChecker:
    """Remembers through which batch it has checked."""

    def __init__(self, every_seconds: float) -> None:
        self._every_seconds = every_seconds
        self._through: int | None = None
        self._checked_at = float("-inf")
        self.is_waiting = False
        """Something landed that was not checked."""

    def landed(self) -> None:
        self.is_waiting = True

    def check(self, connection: Connection, *, is_last: bool) -> list[CheckResult]:
        now = time.monotonic()
        if not is_last and now - self._checked_at < self._every_seconds:
            return []
        newest = newest_batch_id(connection)
        if newest == self._through:
            return []
        recent = max(0, newest - RECENT_BATCHES)
        found = raw_checks(connection, recent if self._through is None else self._through)
        self._through, self._checked_at, self.is_waiting = newest, now, False
        return found
