"""Rows as a table that fits the terminal: numbers to the right, columns left out if they must be.

room for all ─▶ all columns    else ─▶ the first, `…`, the last one    a single row ─▶ a line for each column
"""

import sys
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ingest.core.visible import visible

PIPED_WIDTH = 1000
GAP = 3
FEWEST_COLUMNS = 3
LEFT_OUT = "…"


def print_table(
    columns: Sequence[str], rows: Sequence[Sequence[Any]], *, may_leave_out: bool = False
) -> list[str]:
    """Print it; the names of the columns that had no room."""
    # A pipe has no width: nothing is wrapped or left out there.
    console = Console(width=None if sys.stdout.isatty() else PIPED_WIDTH, highlight=False)
    columns = [visible(name) for name in columns]
    texts = [[cell(value) for value in row] for row in rows]
    kept = _that_fit(columns, texts, console.width) if may_leave_out else list(range(len(columns)))
    if len(kept) < FEWEST_COLUMNS < len(columns) or (len(rows) == 1 and len(kept) < len(columns)):
        for row in texts:
            console.print(_upright(columns, row))
        return []
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    cut = next((i for i, place in enumerate(kept) if place != i), len(kept))
    for place in kept[:cut]:
        _add_column(table, columns[place], [row[place] for row in rows])
    if cut < len(kept) or len(kept) < len(columns):
        table.add_column(LEFT_OUT, no_wrap=True)
    for place in kept[cut:]:
        _add_column(table, columns[place], [row[place] for row in rows])
    for row in texts:
        shown = [Text(row[place]) for place in kept]
        if len(kept) < len(columns):
            shown.insert(cut, Text(LEFT_OUT))
        table.add_row(*shown)
    console.print(table)
    return [name for place, name in enumerate(columns) if place not in kept]


def cell(value: Any) -> str:
    """As people read it: no zeros that say nothing, no fraction of a second that is none."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    return visible(str(value))


def _that_fit(columns: Sequence[str], texts: Sequence[Sequence[str]], width: int) -> list[int]:
    """The first ones and the last, as many as there is room for."""
    widths = [
        max([len(name), *(len(row[place]) for row in texts)]) + GAP for place, name in enumerate(columns)
    ]
    if sum(widths) <= width - 2:
        return list(range(len(columns)))
    room = width - 2 - widths[-1] - len(LEFT_OUT) - GAP
    kept: list[int] = []
    for place in range(len(columns) - 1):
        room -= widths[place]
        if room < 0:
            break
        kept.append(place)
    return [*kept, len(columns) - 1]


def _add_column(table: Table, name: str, values: Sequence[Any]) -> None:
    are_numbers = any(isinstance(value, int | float | Decimal) for value in values)
    table.add_column(Text(name), justify="right" if are_numbers else "left", no_wrap=are_numbers)


def _upright(columns: Sequence[str], row: Sequence[str]) -> Table:
    """A row as lines of name and value."""
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, text in zip(columns, row, strict=True):
        table.add_row(Text(name, style="bold"), Text(text))
    table.add_section()
    return table
