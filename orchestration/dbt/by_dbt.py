"""dbt in a process of its own, and what it says of each model and test; who asks imports no dbt.

Built ─▶ child.py ─▶ a line of JSON ─▶ ModelResult | AssetCheckEvaluation
"""

import json
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import dagster as dg

from ingest.core.errors import NeedsAttention
from orchestration.dbt.outcome import ModelResult, evaluation
from orchestration.dbt.plan import Plan
from orchestration.dbt.spawned import RESULTS, Spawned, tail

CHILD = "orchestration.dbt.child"
NO_VARIABLES: Mapping[str, str] = MappingProxyType({})


def spawn(*arguments: str, variables: Mapping[str, str] = NO_VARIABLES, run_id: str | None = None) -> Spawned:
    """`run` or `test` with a selection."""
    return Spawned(CHILD, json.dumps(dict(variables)), *arguments, run_id=run_id)


def run(
    *arguments: str, variables: Mapping[str, str] = NO_VARIABLES, run_id: str | None = None
) -> list[Mapping[str, Any]]:
    """Waits for it: an entry a model or test. Whoever gives up waiting ends it."""
    child = spawn(*arguments, variables=variables, run_id=run_id)
    try:
        return entries(child)
    except BaseException:
        child.stop()
        raise


def entries(child: Spawned) -> list[Mapping[str, Any]]:
    """What it said; NeedsAttention if it broke off before it could."""
    succeeded, said = child.outcome()
    told = [line.removeprefix(RESULTS) for line in said.splitlines() if line.startswith(RESULTS)]
    if not succeeded or not told:
        raise NeedsAttention(tail(said))
    return json.loads(told[-1])


def model_result(entry: Mapping[str, Any]) -> ModelResult:
    rows = entry["rows"] if isinstance(entry["rows"], int) and entry["rows"] >= 0 else None
    key = dg.AssetKey(entry["asset"])
    return ModelResult(entry["unique_id"], key, entry["status"], entry["message"], entry["seconds"], rows)


def evaluations(found: list[Mapping[str, Any]], plan: Plan) -> Iterator[dg.AssetCheckEvaluation]:
    """What each data test found, on the model that it tests."""
    for entry in found:
        test = plan.tests.get(entry["unique_id"])
        if test is not None:
            yield evaluation(
                dg.AssetKey(test.asset),
                test.check,
                entry["status"],
                entry["failures"],
                entry["seconds"],
                entry["message"],
            )
