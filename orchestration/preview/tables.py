"""How tables look in the UI: how many rows they have, a few of them, and a picture of some."""

import dagster as dg
import duckdb

from ingest.core.errors import NeedsAttention
from ingest.core.visible import visible
from ingest.warehouse.connection import Connection
from orchestration.preview.book_pictures import figures
from orchestration.preview.market_pictures import PICTURES

ROWS = 5
LONGEST_TEXT = 120
SCHEMAS = ("raw", "staging", "intermediate", "marts")

IN_THE_FILE = """
    select schema_name, table_name, estimated_size from duckdb_tables()
    semi join (from duckdb_columns() where column_name = 'batch_id') using (table_oid)
    where schema_name in (?, ?, ?, ?)"""
IN_THE_ACCOUNT = """
    select lower(tables.table_schema), lower(tables.table_name), tables.row_count
    from information_schema.tables as tables
    inner join information_schema.columns as columns
        on columns.table_schema = tables.table_schema and columns.table_name = tables.table_name
        and columns.column_name = 'BATCH_ID'
    where lower(tables.table_schema) in (?, ?, ?, ?) and tables.row_count is not null"""
"""A view has no count of rows."""


def row_counts(connection: Connection) -> dict[dg.AssetKey, int]:
    """Rows of every table of ours, from the catalogue: nothing is scanned. Others may put theirs beside."""
    is_file = isinstance(connection, duckdb.DuckDBPyConnection)
    rows = connection.execute(IN_THE_FILE if is_file else IN_THE_ACCOUNT, SCHEMAS).fetchall()
    return {dg.AssetKey([schema, table]): count for schema, table, count in rows}


def previews(connection: Connection, key: dg.AssetKey) -> dict[str, dg.MetadataValue]:
    """What there is to see of a table."""
    seen = {"newest": newest_rows(connection, key)} | figures(connection, key)
    try:
        picture = PICTURES[key](connection) if key in PICTURES else None
    except (
        duckdb.CatalogException,
        NeedsAttention,
    ):  # it shows other tables, too, and they are not built yet
        picture = None
    return seen if picture is None else seen | {"picture": picture}


def newest_rows(connection: Connection, key: dg.AssetKey) -> dg.MetadataValue:
    """The rows that came last: a table, whose cells the UI shows as they are. Markdown would be rendered."""
    relation = ".".join(key.path)
    found = connection.execute(
        f"select * from {relation} where batch_id = (select max(batch_id) from {relation}) limit {ROWS}"
    )
    names = [column[0] for column in found.description]
    records = [dg.TableRecord(dict(zip(names, map(_cell, row), strict=True))) for row in found.fetchall()]
    if not records:
        return dg.MetadataValue.text("no rows yet")
    schema = dg.TableSchema([dg.TableColumn(name) for name in names])
    return dg.MetadataValue.table(records, schema)


def _cell(value: object) -> str:
    """As text: a browser's numbers have fewer digits than a warehouse's."""
    text = "" if value is None else str(value)[:LONGEST_TEXT]
    return visible(" ".join(text.split()))
