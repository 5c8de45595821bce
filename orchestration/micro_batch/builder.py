"""Runs the plan: builds models over the warehouse's own connection, without dbt.

┌ one transaction ─────────────────────────────────────────────────────────┐
│ each model, parents first: keep affected ─▶ delete ─▶ insert ─▶ vanished │ ─ refused? ─▶ one each
│ settle all of them, in one statement                                     │
└──────────────────────────────────────────────────────────────────────────┘

Whatever ends a process in between leaves the rows and the progress as they were. What a model reads, and how
its rows are stamped: dbt_project/macros/progress/progress.sql.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import dagster as dg
import duckdb

from ingest.core.errors import NeedsAttention
from ingest.warehouse.connection import Connection, transaction
from orchestration.dbt.outcome import ModelResult
from orchestration.dbt.plan import Plan, PlannedModel, View
from orchestration.micro_batch.comments import renew_comments
from orchestration.micro_batch.due_models import Pending
from orchestration.micro_batch.progress import Job, Progress
from orchestration.micro_batch.statements import leave_claimed, prepare, settle, write
from orchestration.micro_batch.tables import Tables

REFUSED = (duckdb.Error, NeedsAttention)
"""What the warehouse says of a statement that it does not take."""


@dataclass(frozen=True, slots=True)
class Built:
    """What a turn made of the models that were chosen."""

    results: Sequence[ModelResult]
    for_dbt: Sequence[str]
    """What the plan cannot do: a rebuild that is due, a model that it has no statements for."""


class Builder:
    """Runs the statements of one plan; remembers between turns how its models stand."""

    def __init__(self, plan: Plan, *, is_ddl_transactional: bool) -> None:
        """Where a statement that defines something ends the transaction, each model has one of its own."""
        self._models = plan.models
        self._said = {"plan": plan.fingerprint, "dbt_version": plan.dbt_version}
        self._progress = Progress(plan)
        self._tables = Tables(plan, is_ddl_transactional=is_ddl_transactional)
        self._at_once = is_ddl_transactional
        self._made_views: set[str] = set()

    def build(self, connection: Connection, chosen: Collection[str], pending: Pending) -> Built:
        """Those that are chosen, as far as their parents have come."""
        self._progress.take_over(pending)
        models = [model for uid, model in self._models.items() if uid in chosen]
        found = self._tables.sort(connection, models, pending)
        if self._at_once:
            renew_comments(connection, found.seen_first)
        results = [_failed(model, advice) for model, advice in found.unfit]
        return Built(results + self._build(connection, found.fit), found.for_dbt)

    def _build(self, connection: Connection, models: Sequence[PlannedModel]) -> list[ModelResult]:
        if self._at_once:
            with suppress(*REFUSED):
                return self._together(connection, models)
        return [result for model in models for result in self._alone(connection, model)]

    def _together(self, connection: Connection, models: Sequence[PlannedModel]) -> list[ModelResult]:
        """All of them, or none. Each is written before the next one's work is looked at."""
        jobs = []
        with self._kept(), transaction(connection):
            for model in models:
                if job := self._progress.job(model):
                    self._prepare(connection, job)
                    write(connection, job)
                    self._progress.move(job)
                    jobs.append(job)
            settle(connection, jobs)
        return self._done(jobs)

    def _alone(self, connection: Connection, model: PlannedModel) -> list[ModelResult]:
        """It fails alone: what stands on it stays where it is, the others go on."""
        job = self._progress.job(model)
        if job is None:
            return []
        try:
            if not self._at_once:
                self._prepare(connection, job)
            with self._kept(), transaction(connection):
                if self._at_once:
                    self._prepare(connection, job)
                write(connection, job)
                self._progress.move(job)
                settle(connection, [job])
        except REFUSED as error:
            self._tables.doubt(model)
            with suppress(*REFUSED):
                leave_claimed(connection, job)
            return [_failed(model, str(error))]
        return self._done([job])

    @contextmanager
    def _kept(self) -> Iterator[None]:
        """What we know of the progress, like the progress itself: as the transaction ends."""
        try:
            yield
        except BaseException:
            self._progress.roll_back()
            raise
        self._progress.commit()

    def _done(self, jobs: Sequence[Job]) -> list[ModelResult]:
        self._tables.stand(job.model for job in jobs if job.is_first)
        self._made_views |= {job.model.unique_id for job in jobs if isinstance(job.model.statements, View)}
        return [self._succeeded(job) for job in jobs if not job.is_quiet]

    def _succeeded(self, job: Job) -> ModelResult:
        how = {**self._said, "statements": f"tickhouse build --explain {job.model.name}"}
        return _result(job.model, "success", "", job.seconds, job.rows, how)

    def _prepare(self, connection: Connection, job: Job) -> None:
        if self._is_to_do(job):
            prepare(connection, job)

    def _is_to_do(self, job: Job) -> bool:
        """A view is as new as its parents; it is made once, in case that this plan says something new."""
        is_view = isinstance(job.model.statements, View)
        return job.model.unique_id not in self._made_views if is_view else not job.is_quiet


def _failed(model: PlannedModel, why: str) -> ModelResult:
    return _result(model, "error", why, 0.0, None, {})


def _result(
    model: PlannedModel, status: str, message: str, seconds: float, rows: int | None, how: Mapping[str, str]
) -> ModelResult:
    key = dg.AssetKey([model.schema, model.name])
    return ModelResult(model.unique_id, key, status, message, seconds, rows, how)
