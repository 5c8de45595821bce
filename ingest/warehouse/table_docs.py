"""What each table holds, in the words of the dbt project: from dbt's manifest as plain JSON."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.core.errors import NeedsAttention
from ingest.warehouse.models import parsed_manifest

SCHEMAS = ("raw", "staging", "intermediate", "marts")


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    type: str
    description: str


@dataclass(frozen=True, slots=True)
class TableDoc:
    """One model, or raw table, as somebody who asks it needs to know it."""

    schema: str
    name: str
    description: str
    is_view: bool
    ages_by: str | None
    """The column that says how new a row is."""
    columns: tuple[Column, ...]

    @property
    def relation(self) -> str:
        return f"{self.schema}.{self.name}"

    @property
    def grain(self) -> str:
        """The first sentence: what one row is."""
        sentence, _, _ = self.description.partition(". ")
        return sentence.removesuffix(".") + "."

    @property
    def question(self) -> str:
        """What to ask it first."""
        newest = f" order by {self.ages_by} desc" if self.ages_by else ""
        return f"from {self.relation}{newest} limit 5"


def read_table_docs(manifest_path: Path | None = None) -> list[TableDoc]:
    """Of all raw tables and models, by schema and name."""
    path = manifest_path or parsed_manifest()
    if not path.exists():
        raise NeedsAttention(f"{path} is not there: run `tickhouse build` once, it makes it.")
    manifest = json.loads(path.read_text())
    docs = [_doc(node) for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    docs += map(_raw_doc, manifest["sources"].values())
    return sorted(docs, key=lambda doc: (doc.schema, doc.name))


def _raw_doc(source: Mapping[str, Any]) -> TableDoc:
    topic, said = source["meta"]["topic"], _one_line(source["description"])
    return TableDoc(
        source["schema"],
        source["name"],
        f"One row per message of the topic {topic}, verbatim. {said}",
        is_view=False,
        ages_by=source["loaded_at_field"],
        columns=_columns(source),
    )


def _doc(node: Mapping[str, Any]) -> TableDoc:
    meta = node["config"].get("meta", {})
    return TableDoc(
        node["schema"],
        node["name"],
        _one_line(node["description"]),
        is_view="view" in node["config"]["materialized"],
        ages_by=meta.get("ages_by"),
        columns=_columns(node),
    )


def _columns(node: Mapping[str, Any]) -> tuple[Column, ...]:
    return tuple(
        Column(column["name"], column["data_type"] or "", _one_line(column["description"]))
        for column in node["columns"].values()
    )


def _one_line(text: str) -> str:
    """A table in it becomes `name: meaning;`, without its heading."""
    said: list[str] = []
    for line in map(str.strip, text.splitlines()):
        if line.startswith("|--"):
            said.pop()
        elif line.startswith("|"):
            said.append(f"{line.strip('| ').replace(' | ', ': ')};")
        else:
            said.append(line)
    return " ".join(" ".join(said).split()).removesuffix(";")
