"""`tickhouse setup`: make ready a warehouse that is not a file of ours."""

from typing import Annotated

import typer

from ingest.cli.spellings import Command

setup = typer.Typer(help="Make ready a warehouse that is not a file of ours.", no_args_is_help=True)


@setup.callback()
def _setup() -> None:
    """A group: others may follow."""


@setup.command(cls=Command)
def snowflake(
    *,
    show: Annotated[bool, typer.Option("--show", help="Print every statement, run none.")] = False,
    account: Annotated[
        bool, typer.Option("--account", help="Print what an administrator runs first: roles, grants.")
    ] = False,
) -> None:
    """Make the schemas, tables and the stage that WAREHOUSE=snowflake stands on. Repeatable.

    tickhouse setup snowflake --account > account.sql     # for the administrator, to review and run
    tickhouse setup snowflake
    """
    from ingest.core.settings import load_settings
    from ingest.warehouse.snowflake.account import account_script
    from ingest.warehouse.snowflake.migrate import apply_migrations, statements
    from ingest.warehouse.snowflake.warehouse import SnowflakeWarehouse

    settings = load_settings()
    if account:
        typer.echo(account_script(settings))
        return
    if show:
        typer.echo(";\n\n".join(statements()) + ";")
        return
    warehouse = SnowflakeWarehouse(settings)
    with warehouse.cursor() as cursor:
        made = apply_migrations(cursor)
    warehouse.close()
    there = f"Made: {', '.join(sorted(made))}." if made else "Everything was there."
    typer.echo(f"{there} Next: tickhouse drain")
