"""The models of one plan in the loop: which are due, building them, testing them.

due (due_models.py) ─ may be tried (backoff.py) ─▶ built by the plan (builder.py) ─▶ tested (tester.py)
                                                 └─▶ what it cannot do, by dbt (errands.py)
"""

import time
from collections.abc import Mapping, Set

import dagster as dg

from ingest.warehouse.connection import Connection
from orchestration.dbt.outcome import ModelResult
from orchestration.dbt.plan import Plan
from orchestration.micro_batch.backoff import Backoff
from orchestration.micro_batch.builder import Builder
from orchestration.micro_batch.due_models import look, read_models
from orchestration.micro_batch.errands import Errands
from orchestration.micro_batch.tester import Tester


class Models:
    """What a run keeps of them from turn to turn, as long as the plan is the same."""

    def __init__(
        self,
        plan: Plan,
        backoff: Backoff,
        errands: Errands,
        cadences: Mapping[str, float],
        *,
        test_every_seconds: float,
        is_ddl_transactional: bool,
    ) -> None:
        self.plan = plan
        self._models = read_models(plan.manifest)
        self._backoff = backoff
        self._errands = errands
        self._cadences = cadences
        self._builder = Builder(plan, is_ddl_transactional=is_ddl_transactional)
        self.tester = Tester(plan.tests, test_every_seconds)
        self._there: set[str] = set()
        self._is_first = True
        self.due_at = float("-inf")
        """When a model with work is due next, by the monotonic clock."""
        self.begins = True
        """Something is due that was never built."""

    def build(
        self,
        connection: Connection,
        failed: Set[str],
        *,
        all_cadences: bool,
        is_whole: bool,
        only_watched: bool,
    ) -> list[ModelResult]:
        """A share of what is due; all of it, if the turn is to be whole. Or of that only what is watched.
        Not what has `failed` in this turn already."""
        pending = look(self._models, connection, self._cadences)
        self._there = {uid for uid, through in pending.built.items() if through}
        wait = pending.next_due_seconds()
        self.due_at = float("inf") if wait is None else time.monotonic() + wait
        due = self._backoff.allowed(pending.due(all_cadences=all_cadences))
        not_now = self._errands.under_way | failed
        due = [model for model in due if not (model.parents | {model.unique_id}) & not_now]
        self.begins = any(model.unique_id not in pending.ages for model in due)
        if only_watched:
            chosen = pending.watched(due)
        else:
            chosen = due if is_whole else pending.share(due, live_first=self._is_first)
        if not chosen:
            return []
        self._is_first &= only_watched
        wanted = {model.unique_id for model in pending.with_quiet_parents(chosen)}
        built = self._builder.build(connection, wanted - self._errands.under_way, pending)
        self._errands.note(self.plan.models[uid] for uid in built.for_dbt)
        self._there |= {result.unique_id for result in built.results if result.succeeded}
        return list(built.results)

    def built(self, results: list[ModelResult]) -> None:
        """They are to be tested."""
        self.tester.built(result.unique_id for result in results if result.succeeded)

    def test(self, connection: Connection, until: float, *, is_last: bool) -> list[dg.AssetCheckEvaluation]:
        return self.tester.test(connection, self._there, until, is_last=is_last)
