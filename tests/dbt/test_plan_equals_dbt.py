"""dbt compiles, the loop runs it: what the plan builds is what dbt builds, and what a rebuild gives."""

from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from orchestration.dbt.plan import Plan
from orchestration.micro_batch import progress, statements
from tests.dbt.planned_trial import open_planned_trial, plan
from tests.dbt.random_life import FED, contradicted_firsts, live_through
from tests.dbt.test_planted_bugs import AFFECTED, BUGS, CANDLES, DUPLICATES, QUOTES, TRADES, planted
from tests.dbt.trial import Project, open_trial

SCHEMAS = ("raw", "staging", "intermediate", "marts", "ops")
# Clocks, and which of several batches wrote a row: after a failure both go on, each in its way.
NOT_COMPARED = (
    "batch_id",
    "landed_at",
    "published_to_landed_",
    "settled_at",
    "committed_at",
    "applied_at",
    "began_at",
)
CHOSEN = frozenset((*TRADES, *QUOTES, *CANDLES, "fct_vwap_session"))


@pytest.mark.parametrize("seed", [3])
def test_the_same_life_through_both_gives_the_same(
    project: Project, compiled: Plan, tmp_path: Path, seed: int
) -> None:
    project = project.fed_by(FED)
    by_dbt, by_plan = tmp_path / "dbt", tmp_path / "plan"
    with open_trial(project, by_dbt) as trial:
        live_through(trial, seed, steps=6)
        trial.must_run()
    with open_planned_trial(project, compiled, by_plan) as trial:
        live_through(trial, seed, steps=6)
        trial.must_run()
        assert set(trial.test().values()) == {"pass"}
    assert different(by_dbt / "warehouse.duckdb", by_plan / "warehouse.duckdb") == {}


@pytest.mark.parametrize("seed", [0])
def test_tables_equal_a_rebuild(project: Project, compiled: Plan, tmp_path: Path, seed: int) -> None:
    project = project.fed_by(FED)
    with open_planned_trial(project, compiled, tmp_path) as trial:
        live_through(trial, seed, steps=8)
        assert trial.differences_to_rebuild() == {}
        assert contradicted_firsts(trial) == []


def different(one: Path, other: Path) -> dict[str, int]:
    """Rows that are in one of them only, by table."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{one}' as one (read_only); attach '{other}' as other (read_only)")
        tables = connection.execute(
            f"""select schema_name, table_name, list(column_name) from duckdb_columns()
                where database_name = 'one' and schema_name in {SCHEMAS}
                    and (schema_name, table_name) <> ('ops', 'warehouse')
                group by all"""
        ).fetchall()
        connection.execute("create temp view built as select model from one.ops.model_progress")
        found = {}
        for schema, table, columns in tables:
            kept = ", ".join(name for name in columns if not name.startswith(NOT_COMPARED)) or "1"
            here, there = (f"select {kept} from {name}.{schema}.{table}" for name in ("one", "other"))
            if table == "rebuilds_due":  # dbt's first build of a model also says so of those that never were
                here, there = (f"{asked} where model in (from built)" for asked in (here, there))
            query = f"select count(*) from (({here} except {there}) union all ({there} except {here}))"
            if schema != "ops":
                query = query.replace("except", "except all")
            ((count,),) = connection.execute(query).fetchall()
            found |= {f"{schema}.{table}": count} if count else {}
        return found


FORGETFUL = ("replays are forgotten", "what vanished is not looked at", "duplicates stay")
PLANTED = {name: BUGS[name] for name in FORGETFUL}


@pytest.mark.slow
@pytest.mark.parametrize(("file", "right", "wrong"), PLANTED.values(), ids=PLANTED.keys())
def test_a_bug_in_what_dbt_renders_is_found(
    project: Project, file: str, right: str, wrong: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert file in (AFFECTED, DUPLICATES)
    monkeypatch.setattr(*planted(project.manifest, file, right, wrong))
    assert finds_something(replace(project, chosen=CHOSEN), tmp_path)


def finds_something(project: Project, folder: Path) -> bool:
    bugged = plan(project)
    for seed in (1, 6, 8, 2):
        with open_planned_trial(project, bugged, folder / str(seed)) as trial:
            live_through(trial, seed, steps=8)
            if trial.differences_to_rebuild() or contradicted_firsts(trial):
                return True
    return False


@pytest.mark.slow
@pytest.mark.parametrize("bug", ["every model is quiet", "nothing is deleted"])
def test_a_bug_in_how_it_is_run_is_found(
    project: Project, bug: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = statements._keep
    if bug == "every model is quiet":
        monkeypatch.setattr(progress.Progress, "_is_quiet", lambda *_: True)
    else:
        monkeypatch.setattr(statements, "_keep", lambda *asked: 0 if "before_" in asked[2] else keep(*asked))
    assert finds_something(replace(project, chosen=CHOSEN), tmp_path)
