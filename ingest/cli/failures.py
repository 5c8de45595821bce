"""What a command line does with errors: one message, what a rerun would give, and an exit code."""

from typing import Any

import typer
from typer.core import TyperGroup

from ingest.core.errors import TickhouseError
from ingest.core.visible import visible


class Commands(TyperGroup):
    """Exit codes: 0 done, 1 failed, 2 wrong usage, 130 stopped by Ctrl-C."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except TickhouseError as error:
            _show(str(error), can_retry=error.can_retry)
            raise typer.Exit(1) from error
        except BrokenPipeError:
            raise  # whoever read us has enough: click ends quietly
        except OSError as error:
            where = f"{error.filename} cannot be used: " if error.filename else ""
            _show(f"{where}{error.strerror or error}.", can_retry=False)
            raise typer.Exit(1) from error


def _show(text: str, *, can_retry: bool) -> None:
    typer.secho(visible(text), fg=typer.colors.RED, err=True)
    if can_retry:
        typer.secho("A rerun can help.", dim=True, err=True)
