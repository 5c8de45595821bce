"""How commands say things: tables for people, csv and json for scripts, notes on stderr."""

import csv
import json
import sys
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any

import typer

from ingest.core.visible import visible, visible_json

PIPED_WIDTH = 1000


class Format(StrEnum):
    """What `--format` takes."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def show(columns: Sequence[str], rows: Iterable[Sequence[Any]], form: Format = Format.TABLE) -> None:
    """Write rows to stdout; a value that the format has no word for is written as its text."""
    if form is Format.JSON:
        records = [dict(zip(columns, row, strict=True)) for row in rows]
        typer.echo(visible_json(json.dumps(records, default=str, indent=2, ensure_ascii=False)))
    elif form is Format.CSV:
        writer = csv.writer(sys.stdout)
        writer.writerow(columns)
        # A file gets what there is, letter by letter; a terminal would obey some of it.
        writer.writerows(map(_cells, rows) if sys.stdout.isatty() else rows)
    else:
        _show_table(columns, rows)


def note(text: str) -> None:
    """Something to know that is not the result."""
    typer.echo(visible(text), err=True)


def examples(*lines: str) -> str:
    """The end of a command's help."""
    return "Examples:\n\n" + "\n".join(f"  {line}" for line in lines)


def _show_table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    # A pipe has no width: nothing is wrapped or cut there.
    console = Console(width=None if sys.stdout.isatty() else PIPED_WIDTH)
    table = Table(*columns, box=box.SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        table.add_row(*map(Text, _cells(row)))
    console.print(table)


def _cells(row: Sequence[Any]) -> list[str]:
    """As text that steers no terminal: some of it is what strangers sent."""
    return ["" if value is None else visible(str(value)) for value in row]
