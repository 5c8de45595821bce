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
from ingest.cli.down import down
from ingest.cli.drain import drain
from ingest.cli.failures import Commands
from ingest.cli.init import init
from ingest.cli.logs import logs
from ingest.cli.mend import fill, repair, replay
from ingest.cli.metrics import metrics
from ingest.cli.output import examples
from ingest.cli.parity import parity
from ingest.cli.publish import publish
from ingest.cli.record import record
from ingest.cli.setup import setup
from ingest.cli.sink import sink
from ingest.cli.skip import skip
from ingest.cli.spellings import Command, use_home
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
app.command(cls=Command)(up)
app.command(cls=Command)(down)
app.command(cls=Command)(logs)
app.add_typer(publish, name="publish")
app.command(cls=Command)(record)
app.command(cls=Command)(drain)
app.command(cls=Command)(build)
app.command(cls=Command)(sql)
app.command(cls=Command)(tables)
app.command(cls=Command)(describe)
app.command(cls=Command)(vwap)
app.command(cls=Command)(book)
app.command(cls=Command)(status)
app.command(cls=Command)(board)
app.command(cls=Command)(metrics)
app.command(cls=Command)(audit)
app.command(cls=Command)(snapshot)
app.command(cls=Command)(backup)
app.command(cls=Command)(restore)
app.command(cls=Command)(copy)
app.command(cls=Command)(replay)
app.command(cls=Command)(repair)
app.command(cls=Command)(fill)
app.command(cls=Command)(skip)
app.command(cls=Command)(prune)
app.command(cls=Command)(reset)
app.command(cls=Command)(parity)
app.add_typer(sink, name="sink")
app.add_typer(topics, name="topics")
app.add_typer(broker, name="broker")
app.command(cls=Command)(docs)
app.command(cls=Command)(doctor)
app.command(cls=Command)(init)
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
    home: Annotated[
        str | None,
        typer.Option(metavar="FOLDER", help="Another TICKHOUSE_HOME; may stand behind the command, too."),
    ] = None,
) -> None:
    """What holds for every command."""
    if os.environ.get("NO_COLOR"):
        context.color = False
    if home is not None:
        use_home(home)


def main() -> None:
    """The entry point."""
    keep_private()
    show_warnings()
    if sys.platform == "win32":
        sys.exit(
            "Tickhouse does not run on native Windows: install WSL2 and run it there, in the Linux home."
        )
    app()
