"""The `tickhouse` command: one file per command, registered below in the order of the help.

Starts in a fraction of a second: whatever is heavy is imported inside the command that needs it.
"""

import os
import sys
from typing import Annotated

import typer

from ingest.cli.audit import audit
from ingest.cli.board import board
from ingest.cli.book import book
from ingest.cli.broker import broker
from ingest.cli.build import build
from ingest.cli.copies import backup, restore, snapshot
from ingest.cli.copy import copy
from ingest.cli.docs import docs
from ingest.cli.doctor import doctor
from ingest.cli.drain import drain
from ingest.cli.failures import Commands
from ingest.cli.init import init
from ingest.cli.mend import fill, repair, replay
from ingest.cli.metrics import metrics
from ingest.cli.output import examples
from ingest.cli.parity import parity
from ingest.cli.publish import publish
from ingest.cli.record import record
from ingest.cli.setup import setup
from ingest.cli.sink import sink
from ingest.cli.skip import skip
from ingest.cli.sql import sql
from ingest.cli.status import status
from ingest.cli.tables import describe, tables
from ingest.cli.topics import topics
from ingest.cli.trim import prune, reset
from ingest.cli.up import up
from ingest.cli.vwap import vwap
from ingest.core.private import keep_private
from ingest.core.visible_log import show_warnings

app = typer.Typer(
    cls=Commands,
    help="Market data from Kafka to order-book and VWAP marts, exactly once, with Dagster and dbt.",
    epilog=examples("tickhouse up", "tickhouse doctor", "tickhouse topics --help"),
    no_args_is_help=True,
    # A traceback with local variables could show a secret.
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(up)
app.add_typer(publish, name="publish")
app.command()(record)
app.command()(drain)
app.command()(build)
app.command()(sql)
app.command()(tables)
app.command()(describe)
app.command()(vwap)
app.command()(book)
app.command()(status)
app.command()(board)
app.command()(metrics)
app.command()(audit)
app.command()(snapshot)
app.command()(backup)
app.command()(restore)
app.command()(copy)
app.command()(replay)
app.command()(repair)
app.command()(fill)
app.command()(skip)
app.command()(prune)
app.command()(reset)
app.command()(parity)
app.add_typer(sink, name="sink")
app.command()(topics)
app.add_typer(broker, name="broker")
app.command()(docs)
app.command()(doctor)
app.command()(init)
app.add_typer(setup, name="setup")


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"tickhouse {version('tickhouse')}")
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version and end.")
    ] = False,
) -> None:
    """What holds for every command."""
    if os.environ.get("NO_COLOR"):
        context.color = False


def main() -> None:
    """The entry point."""
    keep_private()
    show_warnings()
    if sys.platform == "win32":
        sys.exit(
            "Tickhouse does not run on native Windows: install WSL2 and run it there, in the Linux home."
        )
    app()
