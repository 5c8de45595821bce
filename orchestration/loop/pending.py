"""Which models have work: those whose topics landed something they have not built.

latest batch per topic  >  built_through of the model, and its cadence is due
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from ingest.errors import NeedsAttention
from ingest.topics import BY_RAW_TABLE
from ingest.warehouse.models import lineage

LIVE = "live"
# Seconds between builds. A model without a cadence is built each turn.
CADENCES: Mapping[str, float] = {LIVE: 0, "minute": 60, "hour": 3600, "day": 86400}

# Who waits for a price does not wait for the statistics of the day: so many of the slower models a turn.
SLOW_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Model:
    """A dbt model as the loop needs to know it."""

    unique_id: str
    name: str
    cadence: str
    topics: frozenset[str]
    """The topics it is built from, near or far."""
    parents: frozenset[str]
    """Every model it is built from, near or far."""


def read_models(manifest: Mapping[str, Any]) -> dict[str, Model]:
    """The project's models, by unique id."""
    parent_map: Mapping[str, Sequence[str]] = manifest["parent_map"]
    models: dict[str, Model] = {}
    for unique_id, node in manifest["nodes"].items():
        if node["resource_type"] != "model":
            continue
        cadence = node["config"].get("meta", {}).get("cadence", LIVE)
        if cadence not in CADENCES:
            raise NeedsAttention(
                f"{node['name']} has the cadence {cadence!r}; there are {', '.join(CADENCES)}."
            )
        above = lineage(unique_id, parent_map)
        tables = [manifest["sources"][parent] for parent in above if parent in manifest["sources"]]
        models[unique_id] = Model(
            unique_id,
            node["name"],
            cadence,
            frozenset(BY_RAW_TABLE[table["name"]].name for table in tables if table["name"] in BY_RAW_TABLE),
            frozenset(parent for parent in above if parent.startswith("model.")),
        )
    return models


class PendingModels:
    """Remembers when each model was last built; what has work is read from the warehouse."""

    def __init__(self, models: Mapping[str, Model]) -> None:
        self.models = models
        self._built_at: dict[str, float] = {}

    def due(self, connection: duckdb.DuckDBPyConnection, *, all_cadences: bool = False) -> list[Model]:
        """Models with work whose cadence is due; with `all_cadences`, whatever has work."""
        landed = dict(
            connection.execute("select topic, max(batch_id) from ops.batches group by topic").fetchall()
        )
        built = dict(connection.execute("select model, built_through from ops.model_progress").fetchall())
        newest = {uid: _newest(model, landed) for uid, model in self.models.items()}
        behind = {uid for uid in self.models if newest[uid] > built.get(uid, 0)}
        due = {uid for uid in behind if all_cadences or self._is_due(self.models[uid])}
        # A model builds as far as all its parents have: one of a quiet topic must move up, or it holds
        # back what the other topics brought.
        quiet = {
            parent
            for uid in due
            for parent in self.models[uid].parents - behind
            if newest[uid] > built.get(parent, 0)
        }
        return [self.models[uid] for uid in self.models if uid in due | quiet]

    def share(self, due: Sequence[Model], *, live_first: bool = False) -> list[Model]:
        """What one turn builds of what is due: all that is live, and what waits longest of the rest, parents
        first. `live_first`: nothing of the rest, unless there is nothing else."""
        live = [model for model in due if model.cadence == LIVE]
        if live and live_first:
            return live
        slow = sorted((model for model in due if model.cadence != LIVE), key=self._waiting)
        return live + slow[:SLOW_AT_ONCE]

    def built(self, unique_ids: Iterable[str]) -> None:
        """These were built just now."""
        self._built_at.update(dict.fromkeys(unique_ids, time.monotonic()))

    def _waiting(self, model: Model) -> tuple[float, int]:
        """A model has more ancestors than any of its parents."""
        return self._built_at.get(model.unique_id, float("-inf")), len(model.parents)

    def _is_due(self, model: Model) -> bool:
        last = self._built_at.get(model.unique_id, float("-inf"))
        return time.monotonic() - last >= CADENCES[model.cadence]


def _newest(model: Model, landed: Mapping[str, int]) -> int:
    """The newest batch of the topics that it is built from."""
    return max((landed.get(topic, 0) for topic in model.topics), default=0)
