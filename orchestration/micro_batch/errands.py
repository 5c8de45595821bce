"""What the plan cannot do goes to dbt: one child process at a time, while the turns go on.

rebuild due, model missing, no statements ─▶ dbt run --select … ─▶ results, with a later turn

The child takes the warehouse file by itself, model by model; it is never waited for while the file is held.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import dagster as dg

from orchestration.dbt.outcome import ModelResult
from orchestration.dbt.plan import PlannedModel
from orchestration.dbt.spawned import RESULTS, Spawned, tail

CHILD = "orchestration.dbt.child"


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
            self._child = Spawned(CHILD, "run", "--select", *names, run_id=self._run_id)

    def results(self, *, wait: bool = False) -> list[ModelResult]:
        """Of the one that has come back, if one has."""
        if self._child is None or not (wait or self._child.has_ended):
            return []
        succeeded, said = self._child.outcome()
        asked, self._asked, self._child = self._asked, {}, None
        told = [line.removeprefix(RESULTS) for line in said.splitlines() if line.startswith(RESULTS)]
        if not succeeded or not told:
            return [_failed(model, tail(said)) for model in asked.values()]
        return [_result(entry) for entry in json.loads(told[-1])]

    def close(self) -> None:
        """What it has built is settled, model by model; the rest is due as before."""
        if self._child is not None:
            self._child.stop()


def _failed(model: PlannedModel, why: str) -> ModelResult:
    key = dg.AssetKey([model.schema, model.name])
    return ModelResult(model.unique_id, key, "error", why, 0.0, None)


def _result(entry: Mapping[str, Any]) -> ModelResult:
    rows = entry["rows"] if isinstance(entry["rows"], int) and entry["rows"] >= 0 else None
    key = dg.AssetKey(entry["asset"])
    return ModelResult(entry["unique_id"], key, entry["status"], entry["message"], entry["seconds"], rows)
