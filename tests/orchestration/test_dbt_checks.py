"""A dbt test as a check in Dagster: green, yellow where it is there to warn, red."""

import dagster as dg
import pytest

from orchestration.dbt.by_dbt import evaluations
from orchestration.dbt.plans import current_plan

WARN, ERROR = dg.AssetCheckSeverity.WARN, dg.AssetCheckSeverity.ERROR


@pytest.mark.parametrize(
    ("status", "passed", "severity"), [("pass", True, ERROR), ("warn", False, WARN), ("fail", False, ERROR)]
)
def test_its_status_is_that_of_dbt(status: str, *, passed: bool, severity: dg.AssetCheckSeverity) -> None:
    plan = current_plan()
    (test_id,) = [uid for uid in plan.tests if ".nothing_drifts_fct_schema_drift_." in uid]
    entry = {"unique_id": test_id, "status": status, "message": "not *so*", "failures": 2, "seconds": 0.1}
    (check,) = evaluations([entry], plan)
    assert (check.asset_key.path[-1], check.passed, check.severity) == ("fct_schema_drift", passed, severity)
    assert check.description == "```\nnot *so*\n```"
