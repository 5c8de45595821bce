"""How tables look in the UI, whatever lies in them."""

import dagster as dg
import duckdb
import pytest

from orchestration.preview.tables import newest_rows, row_counts

TABLE = dg.AssetKey(["raw", "notes"])


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("create schema raw; create table raw.notes (text varchar, n bigint, batch_id bigint)")
    return connection


def test_what_came_last_is_shown(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("insert into raw.notes values ('old', 1, 1), ('new', 2, 2)")
    shown = newest_rows(connection, TABLE).value
    assert shown == "| text | n | batch_id |\n|---|---|---|\n| new | 2 | 2 |"


def test_null_is_an_empty_cell_and_makes_no_float_of_its_neighbours(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    connection.execute("insert into raw.notes values (null, null, 7), ('x', 9007199254740993, 7)")
    assert "|  |  | 7 |\n| x | 9007199254740993 | 7 |" in str(newest_rows(connection, TABLE).value)


def test_a_cell_stays_a_cell(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("insert into raw.notes values (? || repeat('long', 100), 1, 1)", ["a|b\n\r\tc"])
    *_, row = str(newest_rows(connection, TABLE).value).splitlines()
    assert row.startswith("| a\\|b c")
    assert len(row) < 160


def test_an_empty_table_says_so(connection: duckdb.DuckDBPyConnection) -> None:
    assert newest_rows(connection, TABLE).value == "no rows yet"
    assert row_counts(connection) == {TABLE: 0}


def test_a_table_of_somebody_else_is_left_alone(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("create table raw.mine (x integer)")
    assert row_counts(connection) == {TABLE: 0}
