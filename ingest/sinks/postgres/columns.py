"""Rows of Arrow as PostgreSQL holds them: columns, types, and texts that it cannot hold."""

import json

import pyarrow as pa
import pyarrow.compute as pc
from psycopg import sql
from psycopg.sql import SQL, Composed, Identifier

from ingest.sinks.postgres.session import SCHEMA

HAS_NUL = "it has the character NUL, which PostgreSQL cannot hold"
TYPES = {
    pa.int32(): SQL("integer"),
    pa.int64(): SQL("bigint"),
    pa.float64(): SQL("double precision"),
    pa.bool_(): SQL("boolean"),
    pa.string(): SQL("text"),
    pa.date32(): SQL("date"),
}


def named(name: str) -> Identifier:
    return Identifier(SCHEMA, name)


def create_table(name: str, schema: pa.Schema) -> Composed:
    columns = SQL(", ").join(column_of(field) for field in schema)
    return SQL("create table {} ({})").format(named(name), columns)


def column_of(field: pa.Field) -> Composed:
    return SQL("{} {}").format(Identifier(field.name), type_of(field.type))


def told(field: pa.Field) -> sql.Composable:
    """As Arrow reads it: a time without its zone."""
    column = Identifier(field.name)
    return SQL("{} at time zone 'UTC'").format(column) if pa.types.is_timestamp(field.type) else column


def type_of(kind: pa.DataType) -> sql.Composable:
    if pa.types.is_decimal(kind):
        return SQL("numeric({}, {})").format(kind.precision, kind.scale)
    if pa.types.is_timestamp(kind):
        return SQL("timestamptz")
    return TYPES[kind]


def without_nul(rows: pa.Table) -> pa.ChunkedArray:
    """For each row, whether none of its texts has the character NUL."""
    nul = pc.MatchSubstringOptions("\0")
    clean = pa.chunked_array([pa.repeat(pa.scalar(value=True), rows.num_rows)])
    for column, field in zip(rows.columns, rows.schema, strict=True):
        if pa.types.is_string(field.type):
            has = pc.call_function("match_substring", [pc.call_function("coalesce", [column, ""])], nul)
            clean = pc.call_function("and_not", [clean, has])
    return clean


def key_texts(keys: pa.Table) -> list[str]:
    return [json.dumps(list(key.values()), default=str) for key in keys.to_pylist()]
