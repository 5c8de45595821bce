"""`tickhouse logs`: what the parts of a home write down."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from ingest.cli.output import note, say

LINES, LINES_OF_EACH = 50, 5
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
"""Dagster and dbt write them into files, too."""


def logs(
    part: Annotated[
        str | None, typer.Argument(help="E.g. feed, broker, daemon; without it, all that have one.")
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with what is written, until Ctrl-C.")
    ] = False,
    lines: Annotated[
        int | None,
        typer.Option(
            "--lines", "-n", min=0, help=f"How many at first; {LINES}, or {LINES_OF_EACH} of each part."
        ),
    ] = None,
) -> None:
    """Show the last lines of the logs of `tickhouse up` and its parts.

    tickhouse logs -f
    tickhouse logs feed -n 200
    """
    from ingest.core.settings import load_settings
    from ingest.operations.log_files import follow as following
    from ingest.operations.log_files import last_lines, log_files

    known = log_files(load_settings())
    if part is not None and part not in known:
        raise typer.BadParameter(f"there is no part {part}. There are {', '.join(known)}.")
    chosen = known if part is None else {part: known[part]}
    _note_absent(chosen)
    count = lines if lines is not None else LINES if part else LINES_OF_EACH
    width = max(map(len, chosen))
    written = following(chosen)  # from here on: nothing is missed meanwhile
    for name, path in chosen.items():
        for line in last_lines(path, count):
            _say(line, name, 0 if part else width)
    try:
        for name, line in written if follow else ():
            _say(line, name, 0 if part else width)
    except KeyboardInterrupt:
        return


def _note_absent(chosen: Mapping[str, Path]) -> None:
    there = [path for path in chosen.values() if path.exists()]
    if not there:
        first = next(iter(chosen.values()))
        note(f"There is no log yet, e.g. {first}: `tickhouse up` begins them.")
    elif len(chosen) == 1:
        note(str(there[0]))


def _say(line: str, name: str, width: int) -> None:
    plain = COLOUR.sub("", line)
    say(f"{name:<{width}} | {plain}" if width else plain)
