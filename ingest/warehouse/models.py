"""The dbt models as the warehouse's keepers need to know them, from dbt's manifest as plain JSON."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from ingest.core.errors import NeedsAttention
from ingest.core.settings import PROJECT_ROOT, load_settings
from ingest.core.topics import BY_RAW_TABLE
from ingest.warehouse.connection import Connection, built_relations
from ingest.warehouse.dbt_variables import dbt_target

ANY_OTHER = "any_other"
"""Of topics by venue: that of the venues that are not named."""


@dataclass(frozen=True, slots=True)
class Model:
    """One model. Its meta in dbt says by which column its rows age, and how long they stay."""

    unique_id: str
    schema: str
    name: str
    is_view: bool
    topics: frozenset[str]
    """The topics it is built from, near or far."""
    columns: frozenset[str] = frozenset()
    reads_raw: bool = False
    """It stands directly on a raw table."""
    driving_topic: str | Mapping[str, str] | None = None
    """Whose retention its rows follow, one topic or one per venue (dbt's variable topic_of_trades); None:
    they name it in a column `kafka_topic`, or do not age."""
    ages_by: str | None = None
    keeps: timedelta | None = None
    """Its rows stay so long, also after the messages they were made of are pruned (meta: keeps_days)."""
    keeps_at_most: timedelta | None = None
    """Its rows go so long after their messages landed, before those do (meta: keeps_at_most_days)."""
    affected_key: tuple[str, ...] = ()
    """Rows with the same are deleted and written together."""
    traced: tuple[str, ...] = ()
    """What it notes of rows that vanish, so that its children look there too."""
    rows_by_batch: bool = False
    """It has rows of each batch, so they are other ones where the batches are (meta: rows_by_batch)."""
    identity: tuple[str, ...] = ()
    """Which of these say what a row is about: several rows may be about the same."""

    @property
    def relation(self) -> str:
        return f"{self.schema}.{self.name}"

    @property
    def topic_of_row(self) -> str:
        """SQL for the topic whose retention a row follows."""
        match self.driving_topic:
            case None:
                return "kafka_topic"
            case str(name):
                return f"'{name}'"
            case by_venue:
                venues = [venue for venue in by_venue if venue != ANY_OTHER]
                cases = " ".join(f"when '{venue}' then '{by_venue[venue]}'" for venue in venues)
                return f"case venue {cases} else '{by_venue[ANY_OTHER]}' end"

    @property
    def vanished(self) -> str:
        """Where it notes rows that it deleted, for its children."""
        return f"ops.vanished_{self.name}"


def parsed_manifest() -> Path:
    """Where dbt writes it for the warehouse of the settings, which may not have been parsed for yet."""
    return PROJECT_ROOT / "dbt_project" / dbt_target(load_settings()) / "manifest.json"


def read_models(manifest_path: Path | None = None) -> list[Model]:
    """Every model of the project, parents before children."""
    manifest_path = manifest_path or parsed_manifest()
    if not manifest_path.exists():
        raise NeedsAttention(f"{manifest_path} is not there: run `tickhouse build` once, it makes it.")
    manifest: Mapping[str, Any] = json.loads(manifest_path.read_text())
    models = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    ancestors = {node["unique_id"]: lineage(node["unique_id"], manifest["parent_map"]) for node in models}
    models.sort(key=lambda node: len(ancestors[node["unique_id"]]))
    return [_model(node, ancestors[node["unique_id"]], manifest) for node in models]


def existing(connection: Connection, models: Sequence[Model]) -> list[Model]:
    """Those that have been built at least once."""
    there = built_relations(connection)
    return [model for model in models if model.relation in there]


def models_without_manifest(connection: Connection) -> list[Model]:
    """Every table that is neither raw nor ops; for all we know, of all topics."""
    rows = connection.execute(
        """select lower(table_schema), lower(table_name), table_type = 'VIEW' from information_schema.tables
           where table_catalog = current_database()
               and lower(table_schema) not in ('raw', 'ops', 'information_schema', 'pg_catalog')
               and table_type in ('BASE TABLE', 'VIEW')"""
    ).fetchall()
    topics = frozenset(topic.name for topic in BY_RAW_TABLE.values())
    return [
        Model(f"model.tickhouse.{name}", schema, name, is_view=is_view, topics=topics)
        for schema, name, is_view in rows
    ]


def _model(node: Mapping[str, Any], ancestors: set[str], manifest: Mapping[str, Any]) -> Model:
    meta = node["config"].get("meta", {})
    sources = manifest["sources"]
    tables = [sources[parent]["name"] for parent in ancestors if parent in sources]
    key, traced = meta.get("affected_key", []), meta.get("traced", [])
    return Model(
        node["unique_id"],
        node["schema"],
        node["name"],
        is_view="view" in node["config"]["materialized"],
        topics=frozenset(BY_RAW_TABLE[table].name for table in tables if table in BY_RAW_TABLE),
        columns=frozenset(node["columns"]),
        reads_raw=any(parent in sources for parent in manifest["parent_map"][node["unique_id"]]),
        driving_topic=meta.get("topic"),
        ages_by=meta.get("ages_by"),
        keeps=_days(meta.get("keeps_days")),
        keeps_at_most=_days(meta.get("keeps_at_most_days")),
        affected_key=tuple(key),
        traced=tuple(key + traced),
        rows_by_batch=meta.get("rows_by_batch", False),
        identity=tuple(column for column in traced if column != meta.get("ages_by")),
    )


def _days(days: float | None) -> timedelta | None:
    return None if days is None else timedelta(days=days)


def lineage(unique_id: str, parent_map: Mapping[str, Sequence[str]]) -> set[str]:
    """Everything a model is built from, near or far."""
    found: set[str] = set()
    waiting = list(parent_map[unique_id])
    while waiting:
        parent = waiting.pop()
        if parent not in found:
            found.add(parent)
            waiting.extend(parent_map.get(parent, ()))
    return found
