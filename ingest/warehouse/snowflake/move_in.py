"""Moves a DuckDB file's history into an empty Snowflake: raw and positions, so that the drain goes on there.

DuckDB, under its lock ─▶ Parquet ─▶ the stage ─▶ one transaction: copy, compare digests ─▶ commit

Until the commit nothing is seen there, so a move that broke off is run again. Marts are not moved: dbt builds
them from raw.
"""

import io
import uuid
from collections.abc import Iterator

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from snowflake.connector.cursor import SnowflakeCursor

from ingest.errors import NeedsAttention
from ingest.topics import TOPICS
from ingest.warehouse.duckdb_warehouse import DuckDbWarehouse
from ingest.warehouse.snowflake.digest import DUCKDB, SNOWFLAKE, Digest, digest_query
from ingest.warehouse.snowflake.upload import STAGE, plain, read_back
from ingest.warehouse.snowflake.warehouse import SnowflakeWarehouse, _transaction

HISTORY = (
    "ops.topic_lives",
    "ops.positions",
    "ops.batches",
    "ops.windows",
    "ops.lost_ranges",
    "ops.retention",
    "ops.short_lived",
    "ops.kept_books",
)
"""What a model has built, and which run loops, is not history: it begins anew."""
TABLES = (*(f"raw.{topic.raw_table}" for topic in TOPICS), *HISTORY)
ROWS_AT_A_TIME = 10_000
PART_BYTES = 64 * 2**20
PATIENCE_SECONDS = 6 * 3600
"""For one statement over a whole table; the connector cuts off others after its network timeout."""


def move_in(source: DuckDbWarehouse, target: SnowflakeWarehouse) -> dict[str, int]:
    """How many rows of each table were moved; each arrived as it was, or nothing did."""
    if source.file.path.exists():
        source.migrate()  # topics that are new have no table in an old file
    target.migrate()
    folder = f"moving/{uuid.uuid4()}"
    with source.file.reading() as connection, target.cursor() as cursor:
        _refuse_unless_empty(cursor)  # before hours of uploading
        schemas = {table: _upload(connection, cursor, table, folder) for table in TABLES}
        with _transaction(cursor):
            cursor.execute("update ops.newest_batch set batch_id = batch_id")  # a drain waits from here on
            _refuse_unless_empty(cursor)
            for table, schema in schemas.items():
                cursor.execute(_copy_statement(table, schema, f"{folder}/{table}"), timeout=PATIENCE_SECONDS)
            cursor.execute(
                "update ops.newest_batch set batch_id = (select coalesce(max(batch_id), 0) from ops.batches)"
            )
            return {table: _compare(connection, cursor, table, schema) for table, schema in schemas.items()}


def _refuse_unless_empty(cursor: SnowflakeCursor) -> None:
    for table in ("ops.batches", "ops.positions"):
        cursor.execute(f"select count(*) from {table}")
        (count,) = cursor.fetchall()[0]
        if count:
            raise NeedsAttention(
                f"Something has landed in Snowflake already ({count} rows in {table}); two histories cannot "
                "be made one. Nothing was changed. Set SNOWFLAKE_DATABASE to an empty one."
            )


def _upload(
    connection: duckdb.DuckDBPyConnection, cursor: SnowflakeCursor, table: str, folder: str
) -> pa.Schema:
    """Puts a table on the stage, a file at a time; the table's columns."""
    reader = connection.sql(f"from {table}").to_arrow_reader(ROWS_AT_A_TIME)
    for number, file in enumerate(_files(reader)):
        cursor.execute(
            f"put 'file:///{number}.parquet' {STAGE}/{folder}/{table} auto_compress=false", file_stream=file
        )
    return reader.schema


def _files(reader: pa.RecordBatchReader) -> Iterator[io.BytesIO]:
    """Parquet files, each as large as memory and Snowflake like them."""
    file, writer = io.BytesIO(), None
    for rows in reader:
        part = plain(pa.Table.from_batches([rows]))
        writer = writer or pq.ParquetWriter(file, part.schema, compression="snappy")
        writer.write_table(part)
        if file.tell() >= PART_BYTES:
            yield _closed(writer, file)
            file, writer = io.BytesIO(), None
    if writer:
        yield _closed(writer, file)


def _closed(writer: pq.ParquetWriter, file: io.BytesIO) -> io.BytesIO:
    writer.close()
    file.seek(0)
    return file


def _copy_statement(table: str, schema: pa.Schema, folder: str) -> str:
    return (
        f"copy into {table} ({', '.join(schema.names)}) "
        f"from (select {read_back(schema)} from {STAGE}/{folder}/) "
        "file_format = (type = parquet) on_error = abort_statement purge = true"
    )


def _compare(
    connection: duckdb.DuckDBPyConnection, cursor: SnowflakeCursor, table: str, schema: pa.Schema
) -> int:
    """The rows that lie in both; NeedsAttention where they are not the same."""
    here = Digest.of(connection.execute(digest_query(DUCKDB, table, schema)).fetchone())
    cursor.execute(digest_query(SNOWFLAKE, table, schema), timeout=PATIENCE_SECONDS)
    there = Digest.of(cursor.fetchone())
    if here.row_count != there.row_count:
        raise NeedsAttention(
            f"{table}: {there.row_count} rows are in Snowflake, {here.row_count} in DuckDB. Nothing of this "
            "copy stayed. If the table held rows before, copy into an empty database; if not, run it again."
        )
    if here != there:
        raise NeedsAttention(
            f"{table}: {here.row_count} rows arrived in Snowflake, but some are not what they are in DuckDB. "
            "Nothing of this copy stayed: run it again. If that does not help, the two engines differ in it."
        )
    return here.row_count
