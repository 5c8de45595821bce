"""`tickhouse copy`: move house, from the laptop's file to Snowflake."""

from enum import StrEnum
from typing import Annotated

import typer

from ingest.cli.output import say


class Kind(StrEnum):
    """The warehouses there are."""

    DUCKDB = "duckdb"
    SNOWFLAKE = "snowflake"


def copy(
    source: Annotated[Kind, typer.Option("--from", help="Where the history is.")],
    target: Annotated[Kind, typer.Option("--to", help="Where it is to go: nothing may have landed there.")],
) -> None:
    """Take raw messages and positions from DuckDB to Snowflake; the drain goes on there where it was here.

    Each table is compared by count and digest before anything of it is seen: all arrives, or nothing, and
    then it can be run again. The DuckDB file stays as it is. Ingestion into it waits meanwhile.

        tickhouse copy --from duckdb --to snowflake && WAREHOUSE=snowflake tickhouse drain
    """
    from ingest.core.settings import load_settings
    from ingest.operations.copy.move_in import move_house

    if (source, target) != (Kind.DUCKDB, Kind.SNOWFLAKE):
        raise typer.BadParameter("only --from duckdb --to snowflake can be done")
    for table, count in move_house(load_settings()).items():
        if count:
            say(f"{table}: {count} rows")
    say("All of it is there, by count and digest. Next: WAREHOUSE=snowflake tickhouse drain")
