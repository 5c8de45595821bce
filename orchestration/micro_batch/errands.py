"""What the plan cannot do goes to dbt: one child process at a time, while the turns go on.

rebuild due, model missing, no statements ─▶ dbt run --select … ─▶ results, with a later turn

The child takes the warehouse file by itself, model by model; it is never waited for while the file is held.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

import dagster as dg

from ingest.core.errors import NeedsAttention
from orchestration.dbt.by_dbt import entries, model_result, spawn
from orchestration.dbt.outcome import ModelResult
from orchestration.dbt.plan import PlannedModel

if TYPE_CHECKING:
    from orchestration.dbt.spawned import Spawned


class Errands:
    """At most one is under way."""

    def __init__(self, run_id: str) -> None:
        self._run_id = run_id
        self._noted: dict[str, PlannedModel] = {}
        self._asked: dict[str, PlannedModel] = {}
        self._child: Spawned | None = None

    @property
    def under_way(self) -> frozenset[str]:
        """Nobody else builds these now."""
        return frozenset(self._asked)

    def note(self, models: Iterable[PlannedModel]) -> None:
        """They wait until the warehouse is free."""
        self._noted |= {model.unique_id: model for model in models}

    def send(self) -> None:
        """What was noted while another one was under way comes again with the next turn."""
        noted, self._noted = self._noted, {}
        if noted and self._child is None:
            self._asked = noted
            names = (model.name for model in noted.values())
            self._child = spawn("run", "--select", *names, run_id=self._run_id)

    def results(self, *, wait: bool = False) -> list[ModelResult]:
        """Of the one that has come back, if one has."""
        if self._child is None or not (wait or self._child.has_ended):
            return []
        asked, child = self._asked, self._child
        self._asked, self._child = {}, None
        try:
            results = [model_result(entry) for entry in entries(child)]
        except NeedsAttention as error:
            return [_failed(model, str(error)) for model in asked.values()]
        return [replace(result, how=_why_dbt(asked.get(result.unique_id))) for result in results]

    def close(self) -> None:
        """What it has built is settled, model by model; the rest is due as before."""
        if self._child is not None:
            self._child.stop()


def _why_dbt(model: PlannedModel | None) -> dict[str, str]:
    """A model that the plan can build had to be made, or made anew."""
    why = model.why_not if model is not None else ""
    return {"built_by": f"dbt, in a process of its own: {why or 'it was missing, or due for a rebuild'}"}


def _failed(model: PlannedModel, why: str) -> ModelResult:
    key = dg.AssetKey([model.schema, model.name])
    return ModelResult(model.unique_id, key, "error", why, 0.0, None)
