"""How a warehouse is asked, whichever it is: DuckDB's own connection fits, Snowflake gets one that does.

Values stand where the SQL has `?`. What is asked through it is SQL that both engines understand.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Protocol

import duckdb

from ingest.core.errors import NeedsAttention

REFUSALS = (duckdb.ProgrammingError, NeedsAttention)
"""What a statement raises that the warehouse cannot answer as it stands: no such table, no such column."""


class Rows(Protocol):
    """The rows that a question found, not yet taken."""

    @property
    def description(self) -> Any:
        """A column each, its name first."""
        ...

    def fetchone(self) -> Any: ...

    def fetchall(self) -> list[Any]: ...


class Connection(Protocol):
    """Takes one statement after the other; each is committed by itself, but in a transaction."""

    def execute(self, query: str, parameters: Sequence[Any] = ..., /) -> Rows: ...


NewBatch = Callable[[Connection, str, str, str | None], int]
"""Makes a batch of a kind, a topic and a run, inside the transaction that is open; its number."""


@contextmanager
def transaction(connection: Connection, *, is_kept: bool = True) -> Iterator[None]:
    """All of it, or nothing. Not to be kept: nothing in any case, to see what it would do."""
    connection.execute("begin")
    try:
        yield
        connection.execute("commit" if is_kept else "rollback")
    except BaseException:
        # The engine may have rolled back by itself; the first error is the one to show.
        with suppress(Exception):
            connection.execute("rollback")
        raise


def built_relations(connection: Connection) -> set[str]:
    """Every table and view: `schema.name`."""
    found = connection.execute(
        "select distinct lower(table_schema), lower(table_name) from information_schema.columns"
    )
    return {f"{schema}.{name}" for schema, name in found.fetchall()}


def is_built(connection: Connection, relation: str) -> bool:
    """Whether there is such a table or view: `schema.name`."""
    found = connection.execute(
        """select count(*) from information_schema.columns
           where lower(table_schema) = ? and lower(table_name) = ?""",
        relation.split("."),
    )
    return found.fetchone()[0] > 0


def places(values: Sequence[Any]) -> str:
    """A `?` for each, to stand between the brackets of `in (...)`."""
    return ", ".join("?" for _ in values)
