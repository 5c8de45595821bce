"""How tables look in the UI, whatever lies in them."""

from collections.abc import Mapping
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse
from orchestration.preview.tables import newest_rows, row_counts

TABLE = dg.AssetKey(["raw", "notes"])


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("create schema raw; create table raw.notes (text varchar, n bigint, batch_id bigint)")
    return connection


def records(connection: duckdb.DuckDBPyConnection) -> list[Mapping[str, object]]:
    shown = newest_rows(connection, TABLE)
    assert isinstance(shown, dg.TableMetadataValue)
    return [record.data for record in shown.records]


def test_what_came_last_is_shown(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("insert into raw.notes values ('old', 1, 1), ('new', 2, 2)")
    assert records(connection) == [{"text": "new", "n": "2"}]


def test_where_rows_came_from_takes_no_room(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        """create or replace table raw.notes as select 'binance.trades' as kafka_topic, 1 as topic_life,
               0 as kafka_partition, 7 as kafka_offset, 'k' as key, '{}' as headers, 'x' as payload,
               1 as batch_id"""
    )
    assert [*map(list, records(connection))] == [["kafka_partition", "kafka_offset", "key", "payload"]]
    connection.execute("alter table raw.notes drop kafka_offset")
    assert [*map(list, records(connection))] == [["key", "payload"]]


def test_null_is_an_empty_cell_and_a_large_number_keeps_its_digits(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    connection.execute("insert into raw.notes values (null, null, 7), ('x', 9007199254740993, 7)")
    assert [record["n"] for record in records(connection)] == ["", "9007199254740993"]


def test_a_cell_is_one_short_line_that_steers_nothing(connection: duckdb.DuckDBPyConnection) -> None:
    text = "a\n\r\tb\u202ec" + "long" * 100
    connection.execute("insert into raw.notes values (?, 1, 1)", [text])
    (record,) = records(connection)
    assert str(record["text"]).startswith("a b\\u202eclong")
    assert len(str(record["text"])) < 140


def test_an_empty_table_says_so(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    assert newest_rows(connection, TABLE).value == "no rows yet"
    assert row_counts(DuckDbWarehouse(path), connection) == {TABLE: 0}


def test_a_table_of_somebody_else_is_left_alone(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    connection.execute("create table raw.mine (x integer)")
    assert row_counts(DuckDbWarehouse(path), connection) == {TABLE: 0}
