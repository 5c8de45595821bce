"""How tables look in the UI: how many rows they have, and a few of them."""

import dagster as dg
import duckdb

ROWS = 5
LONGEST_TEXT = 120
SCHEMAS = ("raw", "staging", "intermediate", "marts")


def row_counts(connection: duckdb.DuckDBPyConnection) -> dict[dg.AssetKey, int]:
    """Rows of every table that is an asset, from the catalogue: nothing is scanned."""
    rows = connection.execute(
        "select schema_name, table_name, estimated_size from duckdb_tables() where schema_name in ?",
        [SCHEMAS],
    ).fetchall()
    return {dg.AssetKey([schema, table]): count for schema, table, count in rows}


def newest_rows(connection: duckdb.DuckDBPyConnection, key: dg.AssetKey) -> dg.MetadataValue:
    """The rows that came last, as a markdown table."""
    relation = ".".join(key.path)
    frame = connection.execute(
        f"from {relation} where batch_id = (select max(batch_id) from {relation}) limit {ROWS}"
    ).df()
    if frame.empty:
        return dg.MetadataValue.md("no rows yet")
    cells = frame.astype(str).apply(lambda column: column.str.slice(0, LONGEST_TEXT).str.replace("|", "\\|"))
    header = "| " + " | ".join(cells.columns) + " |"
    rule = "|" + "---|" * len(cells.columns)
    rows = ["| " + " | ".join(row) + " |" for row in cells.itertuples(index=False)]
    return dg.MetadataValue.md("\n".join([header, rule, *rows]))
