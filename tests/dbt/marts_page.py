"""docs/marts.md: all marts, each column with what it means and an example. `make marts` writes it."""

from pathlib import Path

from ingest.cli.table import cell
from ingest.warehouse.table_docs import Column, TableDoc, read_table_docs
from tests.dbt.trial import NOT_COMPARED, Trial

TOP = """# All marts

Made by `make marts`; `tickhouse describe TABLE` says the same in a terminal, comments in the
warehouse in any SQL tool. **Each example is a row of made-up data**: no venue ever quoted such prices. What
differs from one landing to the next is shown as `…`. All times are UTC.

| Mart | What one row is |
|---|---|
"""
TOLD_APART = "…"


def marts_page(trial: Trial, scratch: Path) -> str:
    manifest = scratch / "manifest.json"
    trial.project.manifest.writable_manifest().write(str(manifest))
    marts = [doc for doc in read_table_docs(manifest) if doc.schema == "marts"]
    index = "".join(f"| [{doc.name}](#{doc.name}) | {_cell(doc.grain)} |\n" for doc in marts)
    return TOP + index + "".join(_section(doc, trial) for doc in marts)


def _section(doc: TableDoc, trial: Trial) -> str:
    example = _example(doc, trial)
    lines = "".join(_line(column, example.get(column.name, "")) for column in doc.columns)
    said = "" if example else "\n\nThe made-up data has no row of it."
    return f"""
## {doc.name}

{doc.description}{said}

| Column | Type | What it means | Example |
|---|---|---|---|
{lines}"""


def _line(column: Column, example: str) -> str:
    return f"| `{column.name}` | {column.type} | {_cell(column.description)} | {_cell(example)} |\n"


def _example(doc: TableDoc, trial: Trial) -> dict[str, str]:
    """The last row in the order of its columns: what rolls over earlier ones has them."""
    steady = [column.name for column in doc.columns if not column.name.startswith(NOT_COMPARED[1:])]
    order = ", ".join(f"{name} desc nulls last" for name in steady)
    rows = trial.rows(f"select {', '.join(steady)} from {doc.relation} order by {order} limit 1")
    if not rows:
        return {}
    shown = dict(zip(steady, map(_short, rows[0]), strict=True))
    return {column.name: shown.get(column.name, TOLD_APART) for column in doc.columns}


def _short(value: object) -> str:
    text = cell(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
