"""Snowflake asked as DuckDB is: `?` for values, rows as tuples."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from snowflake.connector.cursor import SnowflakeCursor

OpenCursor = Callable[[], AbstractContextManager[SnowflakeCursor]]


class Rows:
    """All that a statement answered: no cursor stays open behind it."""

    def __init__(self, cursor: SnowflakeCursor) -> None:
        self.description: Any = [(column.name.lower(), *column[1:]) for column in cursor.description or ()]
        self._left = [tuple(row) for row in cursor.fetchall()]

    def fetchone(self) -> tuple | None:
        return self._left.pop(0) if self._left else None

    def fetchall(self) -> list[tuple]:
        left, self._left = self._left, []
        return left


class SnowflakeConnection:
    """A session of the warehouse, statement by statement."""

    def __init__(self, open_cursor: OpenCursor) -> None:
        self._open_cursor = open_cursor

    def execute(self, query: str, parameters: Sequence[Any] = (), /) -> Rows:
        with self._open_cursor() as cursor:
            cursor.execute(query, list(parameters) or None)
            return Rows(cursor)
