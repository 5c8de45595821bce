"""Data tests of the plan, a few in each turn: those whose models were built since they were last asked."""

import time
from collections.abc import Iterable, Mapping

import dagster as dg

from ingest.warehouse.connection import Connection
from orchestration.dbt.outcome import evaluation
from orchestration.dbt.plan import PlannedTest
from orchestration.micro_batch.builder import REFUSED


class Tester:
    """Remembers what is still to be tested."""

    def __init__(self, tests: Mapping[str, PlannedTest], every_seconds: float) -> None:
        self._tests = tests
        self._every_seconds = every_seconds
        self._waiting: dict[str, None] = {}
        self._asked_at: dict[str, float] = {}

    @property
    def has_waiting(self) -> bool:
        return bool(self._waiting)

    def built(self, models: Iterable[str]) -> None:
        """What looks at one of these is to be asked again."""
        changed = set(models)
        for uid, test in self._tests.items():
            if not changed.isdisjoint(test.models):
                self._waiting.setdefault(uid)

    def test(
        self, connection: Connection, there: Iterable[str], until: float, *, is_last: bool
    ) -> list[dg.AssetCheckEvaluation]:
        """Until that moment of the monotonic clock, at least one; those of models that are all there."""
        built = set(there)
        done = []
        for uid in list(self._waiting):
            now = time.monotonic()
            if done and now >= until:
                break
            is_due = is_last or now - self._asked_at.get(uid, float("-inf")) >= self._every_seconds
            if is_due and built.issuperset(self._tests[uid].models):
                done.append(_ask(connection, self._tests[uid]))
                del self._waiting[uid]
                self._asked_at[uid] = now
        return done


def _ask(connection: Connection, test: PlannedTest) -> dg.AssetCheckEvaluation:
    key, began = dg.AssetKey(test.asset), time.monotonic()
    try:
        failures, should_warn, should_error = connection.execute(test.query).fetchone()
    except REFUSED as error:
        return evaluation(key, test.check, "error", 0, time.monotonic() - began, str(error))
    status = "fail" if test.can_fail and should_error else "warn" if should_warn else "pass"
    message = "" if status == "pass" else f"Got {failures} results"
    return evaluation(key, test.check, status, failures, time.monotonic() - began, message)
