"""A click on `Materialize` builds that asset; what takes as long as a rebuild does not come along."""

from typing import Any

import dagster as dg
import pytest

from orchestration.checks import equality_checks
from orchestration.keys import EQUALS_REBUILD
from orchestration.maintenance import replay_and_repair
from orchestration.resources import warehouse_resource

MODEL = dg.AssetKey(["marts", "fct_candles_1h"])


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Stands where the rebuild would be."""
    asked: list[Any] = []

    def differences(_: object, relations: Any) -> dict[str, int]:
        asked.extend(relations)
        return dict.fromkeys(relations, 0)

    monkeypatch.setattr(equality_checks, "differences_to_rebuild", differences)
    return asked


def run(*, with_its_asset: bool) -> dg.ExecuteInProcessResult:
    @dg.asset(key=MODEL)
    def model() -> None: ...

    if not with_its_asset:
        checks = dg.AssetSelection.checks(dg.AssetCheckKey(MODEL, EQUALS_REBUILD))
        return dg.materialize([model, equality_checks.equality_checks], selection=checks)
    defs = dg.Definitions(assets=[model], asset_checks=[equality_checks.equality_checks])
    return defs.resolve_implicit_global_asset_job_def().execute_in_process(asset_selection=[MODEL])


def test_equality_is_not_tried_beside_a_build(asked: list[Any]) -> None:
    assert run(with_its_asset=True).success
    assert asked == []


def test_equality_is_tried_when_it_is_asked_for(asked: list[Any]) -> None:
    done = run(with_its_asset=False)
    assert [check.passed for check in done.get_asset_check_evaluations()] == [True]
    assert asked == ["marts.fct_candles_1h"]


@pytest.mark.parametrize("job", [replay_and_repair.replay_job, replay_and_repair.repair_job])
def test_the_launchpad_opens_with_nothing_missing(job: dg.JobDefinition) -> None:
    defs = dg.Definitions(jobs=[job], resources={"database": warehouse_resource()})
    assert dg.validate_run_config(defs.resolve_job_def(job.name), {})
