"""One question to Snowflake. It must begin as a question does; the real guard is a role that can only read.

Our own questions name their values as DuckDB does, `$symbol`; the connector takes them in order, `?`.
"""

import math
import re
from collections.abc import Mapping, Sequence

from snowflake.connector.cursor import SnowflakeCursor
from snowflake.connector.errors import DataError, NotSupportedError, ProgrammingError

from ingest.core.errors import QueryFailed
from ingest.warehouse.connection import Connection, places
from ingest.warehouse.protocol import Found
from ingest.warehouse.snowflake.connection import OpenCursor

QUESTIONS = ("select", "with", "show", "describe", "desc", "explain", "list", "values")
BEFORE_THE_FIRST_WORD = re.compile(r"(?:\s|\(|--[^\n]*(?:\n|$)|/\*.*?\*/)*", re.DOTALL)
NAMED_VALUE = re.compile(r"\$(\w+)")
CANCELED = 604

ROW_COUNTS = """
    select lower(tables.table_schema), lower(tables.table_name), tables.row_count
    from information_schema.tables as tables
    inner join information_schema.columns as columns
        on columns.table_schema = tables.table_schema and columns.table_name = tables.table_name
        and columns.column_name = 'BATCH_ID'
    where lower(tables.table_schema) in ({schemas}) and tables.row_count is not null"""
"""A view has no count of rows."""


def ask(
    open_cursor: OpenCursor,
    statement: str,
    values: Mapping[str, object] | None,
    at_most: int | None,
    time_limit: float,
) -> Found:
    _refuse_what_writes(statement)
    with open_cursor() as cursor:
        _execute(cursor, statement, values, time_limit)
        columns = [_as_written(column.name) for column in cursor.description]
        rows = cursor.fetchall() if at_most is None else cursor.fetchmany(at_most)
        return Found(columns, [tuple(row) for row in rows])


def row_counts(connection: Connection, schemas: Sequence[str]) -> dict[tuple[str, str], int]:
    rows = connection.execute(ROW_COUNTS.format(schemas=places(schemas)), list(schemas)).fetchall()
    return {(schema, table): count for schema, table, count in rows}


def _refuse_what_writes(statement: str) -> None:
    """The connector sends one statement at a time, so its first word says what it does."""
    begins = BEFORE_THE_FIRST_WORD.match(statement)
    word = re.match(r"\w*", statement[begins.end() if begins else 0 :])
    if word is None or word[0].lower() not in QUESTIONS:
        raise QueryFailed(
            f"Reading only: a statement begins with {', '.join(QUESTIONS)}, this one with "
            f"`{word[0] if word else ''}`. Run it in Snowflake itself."
        )


def _execute(
    cursor: SnowflakeCursor, statement: str, values: Mapping[str, object] | None, time_limit: float
) -> None:
    query, in_order = statement, None
    if values is not None:
        in_order = [values[name] for name in NAMED_VALUE.findall(statement)]
        query = NAMED_VALUE.sub("?", statement)
    try:
        cursor.execute(query, in_order, timeout=math.ceil(time_limit))
    except (ProgrammingError, DataError, NotSupportedError) as error:
        if error.errno == CANCELED:
            raise QueryFailed(f"Cut off after {time_limit:.0f} s: set --time-limit.") from None
        raise QueryFailed(" ".join(str(error).split())) from error


def _as_written(name: str) -> str:
    """Snowflake shouts the names of columns that were not quoted."""
    return name.lower() if name.isupper() else name
