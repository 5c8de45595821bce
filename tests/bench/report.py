"""Figures as markdown tables between two markers. What stands around them stays as it is, and so do tables
of benchmarks that did not run now.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"
HEADING = "### "
NEW_PAGE = f"""# Benchmarks

`make bench` measures these and writes this page; run it on a machine that has nothing else to do. Each table
says when, and on what.

{BEGIN}
{END}
"""
PROMISES = (
    (
        "freshness",
        "20/s a topic: event → read in the mart, p50",
        "A trade is in the mart, for a reader outside, after",
    ),
    ("freshness", "20/s a topic: event → read in the mart, p95", "19 of 20 trades at the latest after"),
    ("freshness", "20/s a topic: CPU of the run, of one core", "The looping run takes, of one core,"),
    ("freshness", "20/s a topic: peak memory of the run", "and at most, of memory,"),
    ("freshness", "20/s a topic: kill -9 → next commit", "After kill -9 the next commit comes within"),
    ("live", "live models alone, 1,000,000 rows a topic", "The live models take"),
    ("start", "`make dev`, warm → first rows in a mart", "`make dev`, warm, shows the first rows after"),
)
"""What a user gets: the page begins with these, as they were measured."""
HEAD = "| What | Measured | Ratio | Wanted | Reached |\n|---|---:|---:|---:|---|\n"


def write_report(path: Path, benchmarks: Mapping[str, Mapping[str, Any]]) -> None:
    """Replace these benchmarks' tables; the page is made if it is not there."""
    page = path.read_text() if path.exists() else NEW_PAGE
    head, _, rest = page.partition(BEGIN)
    earlier, _, tail = rest.partition(END)
    tables = _tables(earlier) | {name: section(name, found) for name, found in benchmarks.items()}
    sections = _promises(tables) + "\n".join(tables[name] for name in sorted(tables))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{head}{BEGIN}\n{sections}{END}{tail}")


def _promises(tables: Mapping[str, str]) -> str:
    """From the tables themselves, so that they cannot differ from them."""
    cells = {
        (name, what): measured
        for name, table in tables.items()
        for what, measured, *_ in (
            row.strip("| ").split(" | ") for row in table.splitlines() if row.startswith("| ")
        )
    }
    lines = [f"- {text} {cells[name, what]}\n" for name, what, text in PROMISES if (name, what) in cells]
    return "".join([*lines, "\n"]) if lines else ""


def _tables(text: str) -> dict[str, str]:
    """By benchmark, with their headings."""
    parts = [f"{HEADING}{part.strip()}\n" for part in text.split(HEADING)[1:]]
    return {part.removeprefix(HEADING).partition("\n")[0]: part for part in parts}


def section(name: str, found: Mapping[str, Any]) -> str:
    rows = "".join(map(_row, found["figures"]))
    return f"{HEADING}{name}\n\n{found['about']}\n\n{HEAD}{rows}\n{found['machine']}.\n"


def _row(figure: Mapping[str, Any]) -> str:
    cells = (_what(figure), _measured(figure), _ratio(figure), _wanted(figure), _reached(figure))
    return f"| {' | '.join(cells)} |\n"


def _what(figure: Mapping[str, Any]) -> str:
    return f"{figure['what']} ({figure['note']})" if figure["note"] else figure["what"]


def _measured(figure: Mapping[str, Any]) -> str:
    return "—" if figure["value"] is None else f"{_number(figure['value'])} {figure['unit']}"


def _ratio(figure: Mapping[str, Any]) -> str:
    if figure["ratio"] is None:
        return ""
    return f"{figure['ratio']:.2f} × {figure['against']}"


def _wanted(figure: Mapping[str, Any]) -> str:
    target = figure["target"]
    if target is None:
        return ""
    unit = "×" if target["of"] == "ratio" else figure["unit"]
    return f"{'≥' if target['sign'] == '>=' else '≤'} {target['bound']:g} {unit}"


def _reached(figure: Mapping[str, Any]) -> str:
    return {True: "yes", False: "**no**", None: ""}[figure["is_reached"]]


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.2f}"
