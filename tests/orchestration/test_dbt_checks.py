"""A dbt test as a check in Dagster: green, yellow where it is there to warn, red."""

import json
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest

from orchestration.dbt.project import dbt_project, ensure_manifest
from orchestration.dbt.results import ResultMapper

WARN, ERROR = dg.AssetCheckSeverity.WARN, dg.AssetCheckSeverity.ERROR


@pytest.mark.parametrize(
    ("status", "passed", "severity"), [("pass", True, ERROR), ("warn", False, WARN), ("fail", False, ERROR)]
)
def test_its_status_is_that_of_dbt(status: str, *, passed: bool, severity: dg.AssetCheckSeverity) -> None:
    manifest = json.loads(ensure_manifest().read_text())
    (test_id,) = [name for name in manifest["nodes"] if ".nothing_drifts_fct_schema_drift_." in name]
    node = SimpleNamespace(unique_id=test_id)
    result = SimpleNamespace(node=node, status=status, message="not *so*", failures=2, execution_time=0.1)
    results: Any = SimpleNamespace(results=[result])
    (check,) = ResultMapper(manifest, dbt_project()).checks(results)
    assert (check.asset_key.path[-1], check.passed, check.severity) == ("fct_schema_drift", passed, severity)
    assert check.description == "```\nnot *so*\n```"
