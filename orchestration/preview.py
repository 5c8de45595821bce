"""A few rows of a table as the UI shows them."""

import dagster as dg
import duckdb

ROWS = 5
LONGEST_TEXT = 120


def newest_rows(connection: duckdb.DuckDBPyConnection, relation: str) -> dg.MetadataValue:
    """The rows that came last, as a markdown table."""
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
