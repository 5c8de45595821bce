"""What a command line does with errors: one message, what a rerun would give, and an exit code."""

from typing import Any

import typer
from typer.core import TyperGroup

from ingest.core.errors import TickhouseError


class Commands(TyperGroup):
    """Exit codes: 0 done, 1 failed, 2 wrong usage, 130 stopped by Ctrl-C."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except TickhouseError as error:
            _show(error)
            raise typer.Exit(1) from error


def _show(error: TickhouseError) -> None:
    verdict = "A rerun can help." if error.can_retry else "Running it again gives the same error."
    typer.secho(str(error), fg=typer.colors.RED, err=True)
    typer.secho(verdict, dim=True, err=True)
