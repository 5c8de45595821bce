"""`tickhouse sql`: ask the warehouse while everything runs."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Annotated

import typer

from ingest.cli.options import Form
from ingest.cli.output import Format, note, show

if TYPE_CHECKING:
    from ingest.core.settings import Settings

TABLE_ROWS = 200
WAIT_SECONDS = 30.0
TIME_LIMIT = 60.0
SAFE_MEMORY_BYTES = 3 * 2**30
"""For SQL of others. DuckDB keeps within one of them, but does not count a single value of gigabytes."""
SHORTHANDS = {
    ".tables": """select table_schema as schema, table_name as name from information_schema.tables
        where table_schema in ('raw', 'staging', 'intermediate', 'marts', 'ops') order by all""",
    ".schema": """select table_schema as schema, table_name as name, column_name as column, data_type as type
        from information_schema.columns where table_schema = 'marts' order by all""",
}


def sql(
    statement: Annotated[
        str | None, typer.Argument(help="What to ask; without it, from a pipe or a prompt.")
    ] = None,
    form: Form = Format.TABLE,
    wait_seconds: Annotated[
        float, typer.Option(min=0, help="How long to wait for a turn at the warehouse.")
    ] = WAIT_SECONDS,
    time_limit: Annotated[
        float, typer.Option(min=0.1, help="Seconds after which a statement is cut off.")
    ] = TIME_LIMIT,
    is_safe: Annotated[
        bool, typer.Option("--safe", help="For SQL of others: no files, network, settings; bounded memory.")
    ] = False,
) -> None:
    """Ask the warehouse; reading only, a turn of its own for each statement.

    The schemas are raw, staging, intermediate, marts and ops. Ingestion waits while a statement runs, so a
    long one is cut off: for those, ask a copy (`tickhouse snapshot`). Snowflake reads only what begins as a
    question; who shares it gives SNOWFLAKE_ROLE a role that can only read.

        tickhouse sql "from marts.fct_candles_1m order by window_start_at desc limit 5"
        echo "select count(*) from raw.binance_trades" | tickhouse sql --format csv
    """
    from ingest.core.bounded_memory import bounded_memory
    from ingest.core.settings import load_settings

    settings = load_settings()
    with bounded_memory(SAFE_MEMORY_BYTES) if is_safe else nullcontext():
        if statement is None and sys.stdin.isatty():
            _prompt(settings, form, wait_seconds, time_limit, is_safe=is_safe)
        else:
            for one in statements(sys.stdin.read() if statement is None else statement):
                answer(settings, one, form, wait_seconds, time_limit, is_safe=is_safe)


def _prompt(
    settings: "Settings", form: Format, wait_seconds: float, time_limit: float, *, is_safe: bool
) -> None:
    """Statement after statement, until an empty line's Ctrl-D; an error is no reason to leave."""
    from ingest.cli.completion import offer_names
    from ingest.core.errors import TickhouseError

    offer_names()
    note("One statement a line; .tables lists what there is, Tab completes; quit or Ctrl-D ends.")
    while True:
        try:
            statement = input("tickhouse> ")
        except EOFError:
            return
        except KeyboardInterrupt:
            note("")
            continue
        if statement.strip().rstrip(";") in ("quit", "exit", ".quit", ".exit"):
            return
        try:
            for one in statements(SHORTHANDS.get(statement.strip(), statement)) if statement.strip() else ():
                answer(settings, one, form, wait_seconds, time_limit, is_safe=is_safe)
        except KeyboardInterrupt:
            note("Stopped that question.")
        except TickhouseError as error:
            note(str(error))


def statements(text: str) -> list[str]:
    """One answer for each; QueryFailed if there is none, or if they cannot be told apart."""
    import duckdb

    from ingest.core.errors import QueryFailed

    try:
        found = [one.query.strip() for one in duckdb.extract_statements(text)]
    except duckdb.Error:
        found = [text.strip()]  # the warehouse says what is wrong with it
    if not any(found):
        raise QueryFailed('There is no statement to run, e.g.: tickhouse sql "from marts.fct_trades limit 5"')
    return found


def answer(
    settings: "Settings",
    statement: str,
    form: Format,
    wait_seconds: float = WAIT_SECONDS,
    time_limit: float = TIME_LIMIT,
    values: Mapping[str, object] | None = None,
    *,
    is_safe: bool = False,
) -> None:
    """Run it, reading only, and show what it gives; `values` for its `$names`."""
    from ingest.warehouse.open import open_warehouse

    at_most = TABLE_ROWS + 1 if form is Format.TABLE else None
    with open_warehouse(settings, wait_seconds=wait_seconds) as warehouse:
        found = warehouse.ask(statement, values, at_most=at_most, time_limit=time_limit, is_safe=is_safe)
    show(
        found.columns,
        found.rows[:TABLE_ROWS] if form is Format.TABLE else found.rows,
        form,
        may_leave_out=True,
    )
    if form is Format.TABLE and len(found.rows) > TABLE_ROWS:
        note(f"The first {TABLE_ROWS} rows; --format csv gives all.")


def rows_of(settings: "Settings", statement: str) -> Sequence[tuple]:
    """All that a question of ours gives."""
    from ingest.warehouse.open import open_warehouse

    with told_if_unbuilt(), open_warehouse(settings, wait_seconds=WAIT_SECONDS) as warehouse:
        return warehouse.ask(statement, time_limit=TIME_LIMIT).rows


@contextmanager
def told_if_unbuilt() -> Iterator[None]:
    """Around questions of ours: a mart or a function that is not there yet is said as such."""
    from ingest.core.errors import QueryFailed

    try:
        yield
    except QueryFailed as error:
        if "does not exist" in str(error):
            raise QueryFailed(
                "The marts are not built yet. `tickhouse up` builds them as messages land, "
                "`tickhouse drain && tickhouse build` does it once."
            ) from error
        raise
