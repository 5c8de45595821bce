"""How a warehouse is asked, whichever it is: DuckDB's own connection fits, Snowflake gets one that does.

Values stand where the SQL has `?`. What is asked through it is SQL that both engines understand.
"""

from collections.abc import Sequence
from typing import Any, Protocol


class Answer(Protocol):
    """The rows that a question found, not yet taken."""

    @property
    def description(self) -> Any:
        """A column each, its name first."""
        ...

    def fetchone(self) -> Any: ...

    def fetchall(self) -> list[Any]: ...


class Connection(Protocol):
    """Takes one statement after the other; each is committed by itself."""

    def execute(self, query: str, parameters: Sequence[Any] = ..., /) -> Answer: ...


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
