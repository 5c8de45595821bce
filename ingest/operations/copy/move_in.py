"""Moves a DuckDB file's history into an empty Snowflake: raw and positions, so that the drain goes on there.

DuckDB, under its lock ─▶ Parquet ─▶ the stage ─▶ one transaction: copy, compare digests ─▶ commit

Until the commit nothing is seen there, so a move that broke off is run again. Marts are not moved: dbt builds
them from raw.
"""

import io
import uuid
from collections.abc import Iterator, Mapping

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from snowflake.connector.cursor import SnowflakeCursor

from ingest.core.errors import NeedsAttention
from ingest.core.settings import Settings
from ingest.core.topics import TOPICS
from ingest.operations.copy.digest import DUCKDB, SNOWFLAKE, digest_query, digests
from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse
from ingest.warehouse.snowflake.upload import STAGE, plain, read_back
from ingest.warehouse.snowflake.warehouse import SnowflakeWarehouse, transaction

HISTORY = (
    "ops.topic_lives",
    "ops.positions",
    "ops.batches",
    "ops.windows",
    "ops.lost_ranges",
    "ops.retention",
    "ops.short_lived",
    "ops.kept_books",
    "ops.told_alerts",
)
"""What a model has built, and which run loops, is not history: it begins anew."""
TABLES = (*(f"raw.{topic.raw_table}" for topic in TOPICS), *HISTORY)
ROWS_AT_A_TIME = 10_000
PART_BYTES = 64 * 2**20
PATIENCE_SECONDS = 6 * 3600
"""For one statement over a whole table; the connector cuts off others after its network timeout."""


def move_house(settings: Settings) -> dict[str, int]:
    """From the file in TICKHOUSE_HOME to the account that the settings name, whichever is in use now."""
    with DuckDbWarehouse(settings.warehouse_path) as source, SnowflakeWarehouse(settings) as target:
        return move_in(source, target)


def move_in(source: DuckDbWarehouse, target: SnowflakeWarehouse) -> dict[str, int]:
    """How many rows of each table were moved; each arrived as it was, or nothing did."""
    if source.file.path.exists():
        source.migrate()  # topics that are new have no table in an old file
    target.migrate()
    folder = f"moving/{uuid.uuid4()}"
    with source.file.reading() as connection, target.cursor() as cursor:
        _refuse_unless_empty(cursor)  # before hours of uploading
        schemas, filled = _upload_all(connection, cursor, folder)
        with transaction(cursor):
            # A drain waits from here on.
            cursor.execute("update ops.newest_batch set batch_id = batch_id + 1")
            _refuse_unless_empty(cursor)
            for table in filled:
                copied = _copy_statement(table, schemas[table], f"{folder}/{table}")
                cursor.execute(copied, timeout=PATIENCE_SECONDS)
            cursor.execute(
                "update ops.newest_batch set batch_id = (select coalesce(max(batch_id), 0) from ops.batches)"
            )
            return _compare(connection, cursor, schemas)


def _refuse_unless_empty(cursor: SnowflakeCursor) -> None:
    for table in ("ops.batches", "ops.positions"):
        cursor.execute(f"select count(*) from {table}")
        (count,) = cursor.fetchall()[0]
        if count:
            raise NeedsAttention(
                f"Something has landed in Snowflake already ({count} rows in {table}); two histories cannot "
                "be made one. Nothing was changed. Set SNOWFLAKE_DATABASE to an empty one."
            )


def _upload_all(
    connection: duckdb.DuckDBPyConnection, cursor: SnowflakeCursor, folder: str
) -> tuple[dict[str, pa.Schema], list[str]]:
    """The columns of each table, and which tables had rows to put on the stage."""
    schemas, filled = {}, []
    for table in TABLES:
        reader = connection.sql(f"from {table}").to_arrow_reader(ROWS_AT_A_TIME)
        schemas[table] = reader.schema
        if _upload(cursor, reader, f"{folder}/{table}"):
            filled.append(table)
    return schemas, filled


def _upload(cursor: SnowflakeCursor, reader: pa.RecordBatchReader, folder: str) -> int:
    """Puts a table on the stage, a file at a time; how many there were."""
    number = 0
    for number, file in enumerate(_files(reader), 1):
        put = f"put 'file:///{number}.parquet' {STAGE}/{folder} auto_compress=false"
        cursor.execute(put, file_stream=file)
    return number


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
    connection: duckdb.DuckDBPyConnection, cursor: SnowflakeCursor, schemas: Mapping[str, pa.Schema]
) -> dict[str, int]:
    """The rows of each table that lie in both; NeedsAttention where they are not the same."""
    here = digests(connection.execute(digest_query(DUCKDB, schemas)).fetchall())
    cursor.execute(digest_query(SNOWFLAKE, schemas), timeout=PATIENCE_SECONDS)
    there = digests(cursor.fetchall())
    for table, ours in here.items():
        count = there[table].row_count
        if ours.row_count != count:
            raise NeedsAttention(
                f"{table}: {count} rows are in Snowflake, {ours.row_count} in DuckDB. Nothing of this copy "
                "stayed. If the table held rows before, copy into an empty database; if not, run it again."
            )
        if ours != there[table]:
            raise NeedsAttention(
                f"{table}: {count} rows arrived in Snowflake, but some are not what they are in DuckDB. "
                "Nothing of this copy stayed: run it again. If that does not help, the engines differ in it."
            )
    return {table: digest.row_count for table, digest in here.items()}
