"""Figures as markdown tables between two markers. What stands around them stays as it is, and so do tables
of benchmarks that did not run now.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"
HEADING = "### "
NEW_PAGE = f"# Benchmarks\n\n{BEGIN}\n{END}\n"
HEAD = "| What | Measured | Ratio | Wanted | Reached |\n|---|---:|---:|---:|---|\n"


def write_report(path: Path, benchmarks: Mapping[str, Mapping[str, Any]]) -> None:
    """Replace these benchmarks' tables; the page is made if it is not there."""
    page = path.read_text() if path.exists() else NEW_PAGE
    head, _, rest = page.partition(BEGIN)
    earlier, _, tail = rest.partition(END)
    tables = _tables(earlier) | {name: section(name, found) for name, found in benchmarks.items()}
    sections = "\n".join(tables[name] for name in sorted(tables))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{head}{BEGIN}\n{sections}{END}{tail}")


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
