"""Which run loops, and which one builds: rows of ops.lease, compared and swapped on the run's id.

free ─▶ held by a run ─▶ free     update … where run_id = who was seen there: of two at once, one changes it

There is no file to lock: two dbt runs at once would build the same batches twice.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

from snowflake.connector.cursor import SnowflakeCursor
from snowflake.connector.errors import Error

from ingest.core.errors import TickhouseError
from ingest.warehouse.snowflake.connection import OpenCursor
from ingest.warehouse.snowflake.patience import LOCK_WAIT_ENDED

FREE = ""
BUILDING = "turn"
"""The lease of the run that builds now, as the rows that are there name it."""
POLL_SECONDS = 5.0

IsGone = Callable[[str], bool]


def holder(cursor: SnowflakeCursor, name: str) -> str | None:
    seen = _seen(cursor, name)
    return seen[0] or None if seen else None


def take(cursor: SnowflakeCursor, name: str, run_id: str) -> None:
    """From whoever holds it. Taken by two at once, the later one holds it, and both can see that."""
    while True:
        seen = _seen(cursor, name)
        if seen is None:
            _make(cursor, name)
        elif _swap(cursor, name, seen[0], run_id):
            return


def free(cursor: SnowflakeCursor, name: str) -> None:
    cursor.execute("update ops.lease set run_id = ? where name = ?", [FREE, name])


@contextmanager
def turn(open_cursor: OpenCursor, run_id: str, expires_seconds: float, is_gone: IsGone) -> Iterator[None]:
    """Alone among those that build. Who holds it and is known to be gone is not waited for; who held it
    for too long counts as gone."""
    with open_cursor() as cursor:
        is_mine = _swap(cursor, BUILDING, FREE, run_id)
    while not is_mine:
        with open_cursor() as cursor:
            is_mine = _take_over(cursor, run_id, expires_seconds, is_gone)
        if not is_mine:
            time.sleep(POLL_SECONDS)
    try:
        yield
    finally:
        # Where Snowflake is away, the error that led here is the one to show; the turn expires.
        with suppress(TickhouseError), open_cursor() as cursor:
            _swap(cursor, BUILDING, run_id, FREE)


def _take_over(cursor: SnowflakeCursor, run_id: str, expires_seconds: float, is_gone: IsGone) -> bool:
    seen = _seen(cursor, BUILDING)
    if seen is None:
        _make(cursor, BUILDING)
        return _swap(cursor, BUILDING, FREE, run_id)
    builder, taken_at, age = seen
    if builder in (FREE, run_id) or age > expires_seconds or is_gone(builder):
        return _swap(cursor, BUILDING, builder, run_id, taken_at)
    return False


def _seen(cursor: SnowflakeCursor, name: str) -> tuple[str, datetime, float] | None:
    """Who holds it, since when, and for how many seconds."""
    cursor.execute(
        """select run_id, taken_at, datediff('second', taken_at, sysdate())
           from ops.lease where name = ?""",
        [name],
    )
    rows = [tuple(row) for row in cursor.fetchall()]
    return rows[0] if rows else None


def _swap(
    cursor: SnowflakeCursor, name: str, seen: str, run_id: str, seen_at: datetime | None = None
) -> bool:
    """Whether it was still as seen, and now is ours. An update waits for another one of the same row."""
    unchanged = "" if seen_at is None else "and taken_at = ?"
    try:
        cursor.execute(
            f"""update ops.lease set run_id = ?, taken_at = sysdate()
                where name = ? and run_id = ? {unchanged}""",
            [run_id, name, seen, *([] if seen_at is None else [seen_at])],
        )
    except Error as error:
        if error.errno != LOCK_WAIT_ENDED:
            raise
        return False
    return bool(cursor.rowcount)


def _make(cursor: SnowflakeCursor, name: str) -> None:
    """Behind the lock of those that number batches, so that of two at once one finds the other's row: with
    two rows of a name, two would build. It costs a number, once; to set what is there might lock nothing."""
    try:
        cursor.execute("begin")
        cursor.execute("update ops.newest_batch set batch_id = batch_id + 1")
        cursor.execute(
            """insert into ops.lease select ?, ?, sysdate()
               where not exists (select 1 from ops.lease where name = ?)""",
            [name, FREE, name],
        )
        cursor.execute("commit")
    except Error as error:
        with suppress(Error):
            cursor.execute("rollback")
        if error.errno != LOCK_WAIT_ENDED:
            raise
