"""Rows ─▶ Parquet ─▶ the stage. Parquet's own types would be read as the account is set: plain ones are not.

Times go as microseconds, bytes as hexadecimal text, headers as JSON; COPY makes of them what they were.
"""

import io
import json
import uuid

import pyarrow as pa
import pyarrow.parquet as pq
from snowflake.connector.cursor import SnowflakeCursor

from ingest.warehouse.raw_schema import SCHEMA

STAGE = "@raw.landing"
ROWS_AT_A_TIME = 100_000
"""Some of it passes through Python's objects, which take ten times the room."""


def upload(cursor: SnowflakeCursor, raw_table: str, rows: pa.Table) -> str:
    """Put the rows on the stage as one file; the path it has there."""
    file, path = io.BytesIO(), f"{raw_table}/{uuid.uuid4()}.parquet"
    with pq.ParquetWriter(file, plain(rows.slice(0, 0)).schema, compression="snappy") as writer:
        for first in range(0, rows.num_rows, ROWS_AT_A_TIME):
            writer.write_table(plain(rows.slice(first, ROWS_AT_A_TIME)))
    file.seek(0)
    cursor.execute(
        f"put 'file:///{path}' {STAGE}/{raw_table} auto_compress=false overwrite=true", file_stream=file
    )
    return path


def copy_statement(raw_table: str, path: str, batch_id: int) -> str:
    """Takes the file into the raw table, all of it or an error, and removes it from the stage."""
    return (
        f"copy into raw.{raw_table} ({', '.join(SCHEMA.names)}, landed_at, batch_id) "
        f"from (select {read_back(SCHEMA)}, sysdate(), {batch_id} from {STAGE}/{path}) "
        "file_format = (type = parquet) on_error = abort_statement force = true purge = true"
    )


def plain(rows: pa.Table) -> pa.Table:
    """The rows in types that every reader of Parquet takes alike."""
    return pa.table({name: _plain(rows.column(name)) for name in rows.column_names})


def read_back(schema: pa.Schema) -> str:
    """What COPY selects from a file of plain rows, so that they are again what the schema says."""
    return ", ".join(_read_back(field.name, field.type) for field in schema)


def _read_back(name: str, kind: pa.DataType) -> str:
    if pa.types.is_timestamp(kind):
        return f"to_timestamp_ntz($1:{name}::integer, 6)"
    if pa.types.is_binary(kind):
        return f"to_binary($1:{name}::varchar, 'HEX')"
    if pa.types.is_list(kind):
        return f"parse_json($1:{name}::varchar)"
    if pa.types.is_decimal(kind):
        return f"$1:{name}::number({kind.precision}, {kind.scale})"
    return f"$1:{name}::{'integer' if pa.types.is_integer(kind) else 'varchar'}"


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray | pa.Array:
    if pa.types.is_timestamp(column.type):
        return column.cast(pa.timestamp("us")).cast(pa.int64())
    if pa.types.is_binary(column.type):
        if column.null_count == len(column):
            return pa.nulls(len(column), pa.string())
        return pa.array([None if value is None else value.hex() for value in column.to_pylist()], pa.string())
    if pa.types.is_list(column.type):
        return pa.array([_headers(entries) for entries in column.to_pylist()], pa.string())
    if pa.types.is_decimal(column.type):
        return pa.array(
            [None if value is None else f"{value:f}" for value in column.to_pylist()], pa.string()
        )
    return column


def _headers(entries: list[dict]) -> str:
    readable = [
        {**entry, "value_bytes": entry["value_bytes"].hex() if entry["value_bytes"] is not None else None}
        for entry in entries
    ]
    return json.dumps(readable, ensure_ascii=False, separators=(",", ":"))
