"""Which models have work: those whose topics landed something they have not built.

latest batch per topic  >  built_through of the model, and its cadence is due
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ingest.core.beats import CADENCES, LIVE
from ingest.core.errors import NeedsAttention
from ingest.core.topics import BY_RAW_TABLE
from ingest.warehouse.connection import Connection
from ingest.warehouse.models import lineage

# Who waits for a price does not wait for the statistics of the day: so many of the slower models a turn.
SLOW_AT_ONCE = 3


@dataclass(frozen=True, slots=True)
class LoopModel:
    """A dbt model as the loop needs to know it."""

    unique_id: str
    name: str
    cadence: str
    topics: frozenset[str]
    """The topics it is built from, near or far."""
    parents: frozenset[str]
    """Every model it is built from, near or far."""
    is_watched: bool = False
    """People look at it all the time: it is built first, and others see it before the rest is."""


def read_models(manifest: Mapping[str, Any]) -> dict[str, LoopModel]:
    """The project's models, by unique id."""
    parent_map: Mapping[str, Sequence[str]] = manifest["parent_map"]
    models: dict[str, LoopModel] = {}
    for unique_id, node in manifest["nodes"].items():
        if node["resource_type"] != "model":
            continue
        meta = node["config"].get("meta", {})
        cadence = meta.get("cadence", LIVE)
        if cadence not in CADENCES:
            raise NeedsAttention(
                f"{node['name']} has the cadence {cadence!r}; there are {', '.join(CADENCES)}."
            )
        above = lineage(unique_id, parent_map)
        tables = [manifest["sources"][parent] for parent in above if parent in manifest["sources"]]
        models[unique_id] = LoopModel(
            unique_id,
            node["name"],
            cadence,
            frozenset(BY_RAW_TABLE[table["name"]].name for table in tables if table["name"] in BY_RAW_TABLE),
            frozenset(parent for parent in above if parent.startswith("model.")),
            meta.get("watched", False),
        )
    return models


@dataclass(frozen=True, slots=True)
class Pending:
    """How far the models stood behind what has landed, at one moment."""

    models: Mapping[str, LoopModel]
    newest: Mapping[str, int]
    """The newest batch of the topics that a model is built from."""
    built: Mapping[str, int]
    ages: Mapping[str, float]
    """Seconds since a model was last built; none, if it never was."""
    cadences: Mapping[str, float] = field(default_factory=lambda: CADENCES)
    newest_of_topics: Mapping[str, int] = field(default_factory=dict)
    newest_batch: int = 0
    """Of all topics."""
    due_for_rebuild: frozenset[str] = frozenset()

    def due(self, *, all_cadences: bool = False) -> list[LoopModel]:
        """Models with work whose cadence is due; with `all_cadences`, whatever has work."""
        return [
            model
            for model in self.models.values()
            if self._is_behind(model) and (all_cadences or self._is_due(model))
        ]

    def next_due_seconds(self) -> float | None:
        """Until the cadence of another model with work is due; None: none has any."""
        waiting = [
            self.cadences[model.cadence] - self.ages[model.unique_id]
            for model in self.models.values()
            if self._is_behind(model) and not self._is_due(model)
        ]
        return min(waiting, default=None)

    def share(self, due: Sequence[LoopModel], *, live_first: bool = False) -> list[LoopModel]:
        """What one turn builds of what is due: all that is live, and what waits longest of the rest, parents
        first. `live_first`: nothing of the rest, unless there is nothing else."""
        live = [model for model in due if model.cadence == LIVE]
        if live and live_first:
            return live
        slow = sorted((model for model in due if model.cadence != LIVE), key=self._waiting)
        return live + slow[:SLOW_AT_ONCE]

    def watched(self, due: Sequence[LoopModel]) -> list[LoopModel]:
        """Of what is due, that which people watch, with what it stands on."""
        watched = {model.unique_id for model in due if model.is_watched}
        beneath = {parent for uid in watched for parent in self.models[uid].parents}
        return [model for model in due if model.unique_id in watched | beneath]

    def with_quiet_parents(self, chosen: Sequence[LoopModel]) -> list[LoopModel]:
        """A model builds as far as all its parents have: one of a quiet topic must move up, or it holds back
        what the other topics brought."""
        wanted = {model.unique_id for model in chosen} | {
            parent
            for model in chosen
            for parent in model.parents & self.models.keys()
            if not self._is_behind(self.models[parent])
            and self.newest[model.unique_id] > self.built.get(parent, 0)
        }
        return [model for uid, model in self.models.items() if uid in wanted]

    def _is_behind(self, model: LoopModel) -> bool:
        return self.newest[model.unique_id] > self.built.get(model.unique_id, 0)

    def _is_due(self, model: LoopModel) -> bool:
        """Also if the clock stepped back, and the last build lies ahead."""
        age = self.ages.get(model.unique_id, float("inf"))
        return not 0 <= age < self.cadences[model.cadence]

    def _waiting(self, model: LoopModel) -> tuple[float, int]:
        """A model has more ancestors than any of its parents."""
        return -self.ages.get(model.unique_id, float("inf")), len(model.parents)


def look(
    models: Mapping[str, LoopModel], connection: Connection, cadences: Mapping[str, float] = CADENCES
) -> Pending:
    """Ask the warehouse what has landed, what is built, and when it was."""
    landed = dict(
        connection.execute("select topic, max(batch_id) from ops.batches group by topic").fetchall()
    )
    progress = connection.execute(
        """select model, built_through, settled_at, cast(current_timestamp as timestamp)
           from ops.model_progress
           union all select model, null, null, null from ops.rebuilds_due"""
    ).fetchall()
    due = frozenset(row[0] for row in progress if row[1] is None)
    progress = [row for row in progress if row[1] is not None]
    return Pending(
        models,
        newest={uid: _newest(model, landed) for uid, model in models.items()},
        built={row[0]: row[1] for row in progress},
        ages={uid: _seconds(settled, now) for uid, _, settled, now in progress if settled is not None},
        cadences=cadences,
        newest_of_topics=landed,
        newest_batch=max(landed.values(), default=0),
        due_for_rebuild=due,
    )


def _seconds(settled_at: datetime, now: datetime) -> float:
    return (now - settled_at).total_seconds()


def _newest(model: LoopModel, landed: Mapping[str, int]) -> int:
    """The newest batch of the topics that it is built from."""
    return max((landed.get(topic, 0) for topic in model.topics), default=0)
