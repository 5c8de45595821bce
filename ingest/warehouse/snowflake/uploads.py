"""Uploads of several batches side by side, each thread in a session of its own.

batches ─▶ four threads: put file ─▶ the same batches, with the names of their files
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from snowflake.connector.cursor import SnowflakeCursor

from ingest.core.settings import Settings
from ingest.warehouse.protocol import Batch
from ingest.warehouse.snowflake.shared_session import SharedSession
from ingest.warehouse.snowflake.upload import upload

AT_ONCE = 4


def uploaded(cursor: SnowflakeCursor, batch: Batch) -> Sequence[str | None]:
    """Where the rows of each landing lie on the stage; they are put there if they are not there yet."""
    if batch.files is not None:
        return batch.files
    return [
        upload(cursor, batch.raw_table, landing.rows) if landing.rows.num_rows else None
        for landing in batch.landings
    ]


class Uploads:
    """Keeps its sessions from turn to turn; opens none for a batch that is alone."""

    def __init__(self, settings: Settings, run_id: str | None = None) -> None:
        self._sessions = [SharedSession(settings, run_id) for _ in range(AT_ONCE)]

    def close(self) -> None:
        for session in self._sessions:
            session.close()

    def prepare(self, batches: Sequence[Batch]) -> Sequence[Batch]:
        if len(batches) < 2:
            return batches
        shares = [batches[number::AT_ONCE] for number in range(AT_ONCE)]
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="upload") as threads:
            done = list(threads.map(_with_files, self._sessions, shares))
        return [done[number % AT_ONCE][number // AT_ONCE] for number in range(len(batches))]


def _with_files(session: SharedSession, batches: Sequence[Batch]) -> list[Batch]:
    if not batches:
        return []
    with session.cursor() as cursor:
        return [replace(batch, files=uploaded(cursor, batch)) for batch in batches]
