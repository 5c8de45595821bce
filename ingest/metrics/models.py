"""How far each model has come behind what has landed.

newest batch of its topics (ops.batches)  −  built_through (ops.model_progress)  ─▶  batches behind
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from ingest.core.beats import LIVE
from ingest.core.topics import BY_RAW_TABLE
from ingest.warehouse.connection import Connection
from ingest.warehouse.models import lineage, parsed_manifest

NEWEST = "select topic, max(batch_id) from ops.batches group by topic"
PROGRESS = "select model, built_through, settled_at from ops.model_progress"


@dataclass(frozen=True, slots=True)
class Measured:
    """A model as dbt's manifest has it."""

    name: str
    topics: frozenset[str]
    cadence: str


@dataclass(frozen=True, slots=True)
class ModelProgress:
    """A model that has been built at least once."""

    name: str
    cadence: str
    batches_behind: int
    """Batch numbers between what it has built and the newest of its topics; each batch takes a number."""
    built_at: datetime


def measured_models() -> Mapping[str, Measured]:
    """By unique id. None as long as dbt has parsed nothing here: nobody knows what is built from what."""
    path = parsed_manifest()
    return _of_manifest(path, path.stat().st_mtime_ns) if path.exists() else {}


@lru_cache(maxsize=1)
def _of_manifest(path: Path, _version: int) -> Mapping[str, Measured]:
    manifest: Mapping[str, Any] = json.loads(path.read_text())
    nodes = manifest["nodes"].items()
    return {uid: _measured(uid, node, manifest) for uid, node in nodes if node["resource_type"] == "model"}


def _measured(uid: str, node: Mapping[str, Any], manifest: Mapping[str, Any]) -> Measured:
    sources = manifest["sources"]
    above = [parent for parent in lineage(uid, manifest["parent_map"]) if parent in sources]
    tables = [sources[parent]["name"] for parent in above]
    topics = frozenset(BY_RAW_TABLE[table].name for table in tables if table in BY_RAW_TABLE)
    return Measured(node["name"], topics, node["config"].get("meta", {}).get("cadence", LIVE))


def read_progress(connection: Connection, models: Mapping[str, Measured]) -> Sequence[ModelProgress]:
    newest: dict[str, int] = dict(connection.execute(NEWEST).fetchall())
    found = []
    for uid, built_through, built_at in connection.execute(PROGRESS).fetchall():
        if uid in models and built_at is not None:
            model = models[uid]
            landed = max((newest.get(topic, 0) for topic in model.topics), default=0)
            behind, at = max(0, landed - built_through), built_at.replace(tzinfo=UTC)
            found.append(ModelProgress(model.name, model.cadence, behind, at))
    return sorted(found, key=lambda model: model.name)
