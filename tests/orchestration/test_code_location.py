"""The code location: what dagster-dbt says of the models, in processes that import no dbt."""

import subprocess
import sys

import dagster as dg
import pytest
from dagster_dbt import dbt_assets

from orchestration.assets.models import dbt_models
from orchestration.dbt.project import dbt_project
from orchestration.dbt.specs import COLUMNS
from orchestration.dbt.translator import TickhouseTranslator

LOADED = """
import sys
from orchestration.definitions import defs
assert defs().resolve_job_def("micro_batch")
print([name for name in ("dbt", "dagster_dbt", "dbt_common") if name in sys.modules])
"""


def test_a_run_imports_no_dbt() -> None:
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.returncode) == ("[]", 0), done.stderr


@pytest.fixture(scope="module")
def by_dagster_dbt() -> dg.AssetsDefinition:
    project = dbt_project()

    @dbt_assets(manifest=project.manifest_path, project=project, dagster_dbt_translator=TickhouseTranslator())
    def theirs(): ...

    return theirs


def test_the_assets_are_those_of_dagster_dbt(by_dagster_dbt: dg.AssetsDefinition) -> None:
    ours, theirs = ({spec.key: spec for spec in one.specs} for one in (dbt_models, by_dagster_dbt))
    assert ours.keys() == theirs.keys()
    for key, spec in theirs.items():
        mine = ours[key]
        assert {dep.asset_key for dep in mine.deps} == {dep.asset_key for dep in spec.deps}
        for one in ("description", "group_name", "owners", "tags", "kinds", "code_version", "skippable"):
            assert getattr(mine, one) == getattr(spec, one), (key, one)
        for one in (COLUMNS, "dagster/table_name", "dagster/storage_kind"):
            assert mine.metadata.get(one) == spec.metadata.get(one), (key, one)


def test_the_checks_are_those_of_dagster_dbt(by_dagster_dbt: dg.AssetsDefinition) -> None:
    ours, theirs = ({spec.key: spec for spec in one.check_specs} for one in (dbt_models, by_dagster_dbt))
    assert ours.keys() == theirs.keys()
    for key, spec in theirs.items():
        assert ours[key].blocking == spec.blocking
        assert {d.asset_key for d in ours[key].additional_deps} == {d.asset_key for d in spec.additional_deps}
