"""How long Snowflake is waited for: for the network, for a lock, and for a statement, by what it does.

The connector knows one number, `network_timeout`, and cancels every statement by it as well; so here each
statement brings its own.
"""

import logging
import time
from collections.abc import Sequence
from typing import Any, Self

from snowflake.connector.cursor import SnowflakeCursor
from snowflake.connector.errors import ProgrammingError

from ingest.warehouse.snowflake.left_alone import (
    DETACHED_SECONDS,
    assert_not_left_alone,
    first_word,
    heard_of,
)

log = logging.getLogger(__name__)

LOCK_WAIT_ENDED = 625
"""Another transaction held the table for longer than LOCK_TIMEOUT."""
ENDED_EARLY = (604, 630)
"""Cancelled by us, as its bound says, or by STATEMENT_TIMEOUT_IN_SECONDS."""

NETWORK_SECONDS = 60
"""For a login, a heartbeat, a renewed token."""
LOCK_SECONDS = 60
"""LOCK_TIMEOUT: after so long a statement that waits for another session says so, and waits on."""
HELD_UP_SECONDS = 2 * DETACHED_SECONDS
"""After which a lock that is still held is no longer that of a killed client."""

QUESTION_SECONDS = 600
STATEMENT_SECONDS = {
    "begin": 60,
    "rollback": 300,
    "commit": 600,
    "alter": 60,
    "put": 1800,
    "update": 600,
    "copy": 3600,
    "insert": 3600,
    "delete": 3600,
    "create": 3600,
}
"""By its first word. An update waits for a lock besides; what reads or writes whole tables has an hour."""
LONGEST_SECONDS = max(STATEMENT_SECONDS.values())
"""STATEMENT_TIMEOUT_IN_SECONDS: Snowflake's own end of a statement of ours that nobody here cancels."""


def patience(statement: str) -> int:
    """For how many seconds this statement may run."""
    return STATEMENT_SECONDS.get(first_word(statement), QUESTION_SECONDS)


class PatientCursor(SnowflakeCursor):
    """A cursor whose statements end by their own bound, and wait for locks, saying so."""

    def execute(  # type: ignore[override]
        self, command: str, params: Sequence[Any] | dict[Any, Any] | None = None, *others: Any, **options: Any
    ) -> Self | dict[str, Any] | None:
        options.setdefault("timeout", patience(command))
        began = time.monotonic()
        while True:
            assert_not_left_alone(self.connection, command)
            try:
                return super().execute(command, params, *others, **options)
            except ProgrammingError as error:
                held_up = time.monotonic() - began
                if error.errno != LOCK_WAIT_ENDED or held_up > HELD_UP_SECONDS:
                    raise
                # Only the statement ended; the transaction around it is as it was.
                log.warning(
                    f"Another session's transaction has held tables of the warehouse for {held_up:.0f} s. "
                    f"If its client was killed, Snowflake ends it within {DETACHED_SECONDS // 60} minutes; "
                    "this run waits, and goes on then."
                )
            finally:
                heard_of(self.connection, command)
