"""`tickhouse parity`: are the tables in Snowflake those in DuckDB?"""

from typing import TYPE_CHECKING, Annotated

import typer

from ingest.cli.options import Form
from ingest.cli.output import Format, note, show

if TYPE_CHECKING:
    from ingest.operations.parity import Compared

COLUMNS = ("table", "duckdb_rows", "snowflake_rows", "only_duckdb", "only_snowflake", "state")


def parity(
    select: Annotated[
        list[str] | None, typer.Option(help="Only this model; may be given several times.")
    ] = None,
    form: Form = Format.TABLE,
) -> None:
    """Compare every table of the models in DuckDB with the same one in Snowflake, row by row.

    Both must have landed the same messages and built them: the same Kafka drained into both, or what
    `tickhouse copy` moved. DOUBLEs may differ in their last digits. The exit code is 1 if a table differs.

        tickhouse parity
        tickhouse parity --select fct_trades --format json
    """
    from ingest.core.settings import load_settings
    from ingest.operations.parity import compare

    found = list(compare(load_settings(), select or ()))
    rows = [
        (
            *(one.relation, one.duckdb_rows, one.snowflake_rows),
            *(len(one.only_duckdb), len(one.only_snowflake), "same" if one.is_same else "differs"),
        )
        for one in found
    ]
    show(COLUMNS, rows, form)
    for one in found:
        _show_first(one)
    if not all(one.is_same for one in found):
        raise typer.Exit(1)


def _show_first(compared: "Compared") -> None:
    """An example of each difference."""
    for where, rows in (("DuckDB", compared.only_duckdb), ("Snowflake", compared.only_snowflake)):
        if rows:
            note(f"{compared.relation}, only in {where}: {', '.join(str(value) for value in rows[0])}")
