"""Who holds a table, and for how long: as Snowflake documents it. DuckDB refuses the second one at once.

update, delete, merge ─▶ wait for whoever holds the table ─▶ hold it until the transaction or the session ends

A client that was killed leaves its session with its transaction and its locks. Once another session waits for
it and it was idle for STAND_IN_DETACHED_SECONDS (300, as on an account), its transaction is rolled back.
https://docs.snowflake.com/en/sql-reference/transactions
"""

import os
import threading
import time
from typing import Any

from sqlglot import Expr, exp

from snowflake.connector.errors import ProgrammingError

DETACHED_SECONDS = float(os.environ.get("STAND_IN_DETACHED_SECONDS", "300"))
LOCK_TIMEOUT = 43200
LOOK_SECONDS = 0.05


class Locks:
    """Tables by the sessions that have changed them and not yet ended their transactions."""

    def __init__(self) -> None:
        self._held: dict[str, Any] = {}
        self._changed = threading.Condition()

    def take(self, session: Any, tree: Expr) -> None:
        """Waits for the table that the statement changes. 625 after the session's LOCK_TIMEOUT."""
        if not isinstance(tree, exp.Update | exp.Delete | exp.Merge):
            return
        table = f"{session.database}.{tree.this.db or session.schema}.{tree.this.name}".upper()
        deadline = time.monotonic() + float(session.parameters.get("LOCK_TIMEOUT", LOCK_TIMEOUT))
        with self._changed:
            while (holder := self._held.get(table, session)) is not session:
                if time.monotonic() - holder.heard_at > DETACHED_SECONDS and not holder.is_busy:
                    self._end(holder)
                elif time.monotonic() > deadline:
                    raise ProgrammingError(msg=f"Lock wait ended: {table}", errno=625, sqlstate="57014")
                else:
                    self._changed.wait(LOOK_SECONDS)
            self._held[table] = session

    def free(self, session: Any) -> None:
        with self._changed:
            self._held = {table: holder for table, holder in self._held.items() if holder is not session}
            self._changed.notify_all()

    def _end(self, holder: Any) -> None:
        holder._duck_conn.rollback()
        holder.is_in_transaction = False
        self.free(holder)
