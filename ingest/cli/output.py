"""How commands say things: tables for people, csv and json for scripts, notes on stderr."""

import csv
import json
import sys
from collections.abc import Iterable, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Any

import typer

from ingest.core.visible import visible, visible_json


class Format(StrEnum):
    """What `--format` takes."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def show(
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    form: Format = Format.TABLE,
    *,
    may_leave_out: bool = False,
) -> None:
    """Write rows to stdout; a table `may_leave_out` columns that have no room."""
    if form is Format.JSON:
        records = [dict(zip(columns, row, strict=True)) for row in rows]
        typer.echo(visible_json(json.dumps(records, default=_plain, indent=2, ensure_ascii=False)))
    elif form is Format.CSV:
        writer = csv.writer(sys.stdout)
        # A file gets what there is, letter by letter; a terminal would obey some of it.
        lines = (columns, *rows)
        writer.writerows(map(_cells, lines) if sys.stdout.isatty() else lines)
    else:
        from ingest.cli.table import print_table

        left_out = print_table(columns, list(rows), may_leave_out=may_leave_out)
        if left_out:
            note(f"No room for {', '.join(left_out)}: --format csv or json has all, a wider window more.")


def say(text: str) -> None:
    """A result in words, which may quote what others sent."""
    typer.echo(visible(text))


def note(text: str) -> None:
    """Something to know that is not the result."""
    typer.echo(visible(text), err=True)


def examples(*lines: str) -> str:
    """The end of a command's help."""
    return "Examples:\n\n" + "\n".join(f"  {line}" for line in lines)


def _cells(row: Sequence[Any]) -> list[str]:
    """As text that steers no terminal: some of it is what strangers sent."""
    return ["" if value is None else visible(str(value)) for value in row]


def _plain(value: Any) -> Any:
    """For JSON: a decimal is a number where that is exact; what JSON has no word for is its text."""
    if isinstance(value, Decimal) and value.is_finite():
        if value == value.to_integral_value():
            return int(value)
        return float(value) if Decimal(repr(float(value))) == value else str(value)
    return str(value)
