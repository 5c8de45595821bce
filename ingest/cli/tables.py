"""`tickhouse tables` and `tickhouse describe`: which tables there are, and what each of them holds."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ingest.cli.options import Form
from ingest.cli.output import Format, note, say, show

if TYPE_CHECKING:
    from ingest.core.settings import Settings
    from ingest.warehouse.table_docs import TableDoc

COLUMNS = ("table", "rows", "newest", "one_row")
Row = tuple[str, int | None, Any, str]


def tables(
    schema: Annotated[str, typer.Argument(help="raw, staging, intermediate or marts.")] = "marts",
    form: Form = Format.TABLE,
) -> None:
    """List the tables of a schema: what one row is, how many there are, how new the newest is (UTC).

    Rows of views are not counted: that would build them.

        tickhouse tables
        tickhouse tables staging --format json
    """
    from ingest.core.settings import load_settings
    from ingest.warehouse.table_docs import SCHEMAS, read_table_docs

    if schema not in SCHEMAS:
        raise typer.BadParameter(f"{schema}: there are {', '.join(SCHEMAS)}.")
    docs = [doc for doc in read_table_docs() if doc.schema == schema]
    rows = _rows(load_settings(), docs)
    if form is Format.TABLE:
        show(("table, newest (UTC)", "rows", "what one row is"), [_short(*row) for row in rows])
        note("`tickhouse describe TABLE` shows the columns of one.")
    else:
        show(COLUMNS, rows, form)


def describe(
    table: Annotated[str, typer.Argument(help="E.g. fct_candles_1m, or staging.stg_binance__trades.")],
    form: Form = Format.TABLE,
) -> None:
    """Say what a table holds, column by column, and what to ask it first.

    tickhouse describe fct_candles_1m
    """
    from ingest.warehouse.table_docs import read_table_docs

    docs = read_table_docs()
    wanted = table.lower()
    doc = next((doc for doc in docs if wanted in (doc.name, doc.relation)), None)
    if doc is None:
        raise typer.BadParameter(_no_such(table, [doc.name for doc in docs]))
    if form is Format.TABLE:
        say(f"{doc.relation}{' (a view)' if doc.is_view else ''}\n\n{doc.description}\n")
    show(("column", "type", "what"), [(c.name, c.type, c.description) for c in doc.columns], form)
    if form is Format.TABLE:
        say(f'tickhouse sql "{doc.question}"')


def _no_such(table: str, names: Sequence[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(table, names) or [name for name in names if name.startswith("fct_")][:3]
    return f"there is no table {table}. Near it: {', '.join(near)}. `tickhouse tables` lists all."


def _rows(settings: "Settings", docs: "Sequence[TableDoc]") -> list[Row]:
    from ingest.warehouse.open import open_warehouse

    with open_warehouse(settings) as warehouse:
        there = warehouse.ask(
            "select lower(table_schema) || '.' || lower(table_name) from information_schema.tables"
        )
        built = {name for (name,) in there.rows}
        counted = [doc for doc in docs if doc.relation in built and not doc.is_view]
        questions = [_count(doc) for doc in counted]
        found = warehouse.ask(" union all ".join(questions)).rows if questions else []
    counts = {name: (rows, newest) for name, rows, newest in found}
    return [(doc.name, *counts.get(doc.name, (None, None)), doc.grain) for doc in docs]


def _count(doc: "TableDoc") -> str:
    newest = f"max({doc.ages_by})" if doc.ages_by else "null"
    return f"select '{doc.name}', count(*), cast({newest} as timestamp) from {doc.relation}"


def _short(name: str, rows: int | None, newest: Any, one_row: str) -> list[Any]:
    """Fits a terminal of 80 columns."""
    return [f"{name}\n{newest:%Y-%m-%d %H:%M:%S}" if newest else name, rows, one_row]
