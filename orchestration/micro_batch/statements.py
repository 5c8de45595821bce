"""The statements of one model, in their order. The story is told in macros/progress/affected_keys.sql.

prepare ─▶ write ─▶ settle        prepare defines temporary tables and views, which Snowflake commits at once
"""

import math
import time
from collections.abc import Iterable, Sequence

from ingest.warehouse.connection import Connection
from orchestration.dbt.plan import Rewrite, View
from orchestration.micro_batch.progress import Job

NOW = "cast(current_timestamp as timestamp)"


def prepare(connection: Connection, job: Job) -> None:
    """What is affected, and what stands there. A model that was never built begins with its tables."""
    began = time.monotonic()
    if job.is_first:
        _begin(connection, job)
    match job.model.statements:
        case Rewrite() as rewrite:
            job.keys = _keep(connection, job.filled(rewrite.keep_affected), f"affected_{job.model.name}")
            if job.keys and not job.is_first:
                job.rows_before = _keep(connection, rewrite.save_before, f"before_{job.model.name}")
        case View() as view:
            for statement in (view.create, *view.hooks):
                connection.execute(statement)
        case None:
            raise AssertionError(job.model)
    job.seconds += time.monotonic() - began


def write(connection: Connection, job: Job) -> None:
    """Inside a transaction. Nothing affected: nothing is written. Nothing there before: nothing to delete."""
    rewrite = job.model.statements
    if not isinstance(rewrite, Rewrite) or not job.keys:
        return
    began = time.monotonic()
    if job.rows_before:
        connection.execute(rewrite.delete)
    order = rewrite.start_order if job.is_first else ""
    for number in range(math.ceil(job.keys / (rewrite.keys_at_once or job.keys))):
        job.rows += connection.execute(job.filled(rewrite.insert, number) + order).fetchone()[0]
    if job.rows_before:
        connection.execute(job.filled(rewrite.note_vanished))
    job.seconds += time.monotonic() - began


def settle(connection: Connection, jobs: Sequence[Job]) -> None:
    """All of them at once. Who only moved up has not been built: its cadence goes on."""
    if not jobs:
        return
    cases = " ".join(f"when '{job.model.unique_id}' then {job.building}" for job in jobs)
    built = [job for job in jobs if not job.is_quiet]
    settled_at = "settled_at"
    if built:
        settled_at = f"case when model in ({_names(built)}) then {NOW} else settled_at end"
    connection.execute(
        f"""update ops.model_progress set
                built_through = case model {cases} end,
                building_through = case model {cases} end,
                settled_at = {settled_at}
            where model in ({_names(jobs)})"""
    )


def leave_claimed(connection: Connection, job: Job) -> None:
    """A build that failed: whoever looks sees how far it was to come."""
    connection.execute(
        "update ops.model_progress set building_through = ? where model = ?",
        [job.building, job.model.unique_id],
    )


def _begin(connection: Connection, job: Job) -> None:
    connection.execute(f"create schema if not exists {job.model.schema}")
    connection.execute(
        "insert into ops.model_progress (model, built_through, building_through) values (?, 0, ?)",
        [job.model.unique_id, job.building],
    )
    if isinstance(job.model.statements, Rewrite):
        for statement in job.model.statements.start:
            connection.execute(statement)


def _keep(connection: Connection, statement: str, name: str) -> int:
    """In a temporary table; DuckDB answers with the number of rows, Snowflake with words."""
    (answer,) = connection.execute(statement).fetchone()
    if isinstance(answer, int):
        return answer
    return connection.execute(f"select count(*) from {name}").fetchone()[0]


def _names(jobs: Iterable[Job]) -> str:
    return ", ".join(f"'{job.model.unique_id}'" for job in jobs)
