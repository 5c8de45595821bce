"""dbt renders each model and data test into the plan: `python -m orchestration.dbt.make_plan`.

dbt parse ─▶ dbt run with the variable `plan`, over an empty warehouse that is thrown away ─▶ plan.json

With that variable a model is not built: its result is its statements (macros/progress/plan.sql).
"""

import fcntl
import json
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
from dbt import version
from dbt.artifacts.schemas.results import RunStatus
from dbt.artifacts.schemas.run import RunExecutionResult
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest
from dbt.contracts.graph.nodes import GenericTestNode, ModelNode, SingularTestNode

from ingest.core.errors import NeedsAttention
from ingest.core.settings import load_settings
from ingest.warehouse.models import lineage
from orchestration.dbt import environment
from orchestration.dbt.fingerprint import fingerprint
from orchestration.dbt.plan import Plan, PlannedModel, PlannedTest, read_current, statements_of
from orchestration.dbt.specs import planned_asset
from orchestration.dbt.translator import TickhouseTranslator

# What the loop reads of a model's meta.
META = ("cadence", "watched")
PLANNED = ("affected_keys", "settled_view")
# What these say depends on the warehouse at the moment they are asked, so it cannot be rendered before.
ASKS_AT_RUN_TIME = {"macro.dbt.run_query", "macro.dbt.statement"}
QUIET = ("--quiet", "--no-write-json", "--log-level", "none", "--log-level-file", "none")
QUICK = ("--no-populate-cache", "--no-version-check")
TRANSLATOR = TickhouseTranslator()
TestNode = GenericTestNode | SingularTestNode


def make_plan() -> Plan:
    """Of the project as it stands, for the warehouse of the settings."""
    settings = load_settings()
    os.environ.update(environment.dbt_environment())
    project = environment.DBT_DIR
    made_from = fingerprint(project, settings)
    where = ["--project-dir", str(project), "--profiles-dir", str(project)]
    parsed = dbtRunner().invoke(["parse", "--quiet", *where])
    if not isinstance(parsed.result, Manifest):
        raise NeedsAttention(f"dbt cannot parse its project: {parsed.exception}. See `dbt parse`.")
    with tempfile.TemporaryDirectory(prefix="tickhouse-plan-") as scratch:
        # A file of its own; an account is asked nothing (macros/progress/plan.sql).
        os.environ["TICKHOUSE_HOME"] = scratch
        try:
            return plan_of(parsed.result, where, made_from)
        finally:
            os.environ["TICKHOUSE_HOME"] = str(settings.tickhouse_home)


def plan_of(manifest: Manifest, where: Sequence[str], made_from: str) -> Plan:
    """Of a project that is parsed; `where` it is, as options of dbt."""
    written = manifest.writable_manifest().to_dict(omit_none=False)
    rendered = _rendered_models(manifest, where)
    ancestors = {uid: lineage(uid, written["parent_map"]) for uid in _ids(manifest, ModelNode)}
    in_order = sorted(ancestors, key=lambda uid: len(ancestors[uid]))
    return Plan(
        made_from,
        version.__version__,
        _excerpt(written),
        {uid: _planned(manifest, uid, written["parent_map"][uid], rendered) for uid in in_order},
        _planned_tests(manifest, written, where),
        {uid: planned_asset(TRANSLATOR.get_asset_spec(written, uid, None)) for uid in in_order},
    )


def _rendered_models(manifest: Manifest, where: Sequence[str]) -> Mapping[str, str | dict[str, Any]]:
    """What each model handed over, or why it did not."""
    can = [uid for uid in _ids(manifest, ModelNode) if not _obstacle(manifest, uid)]
    names = [manifest.nodes[uid].name for uid in can]
    results = _invoke(manifest, "run", names, [*where, "--vars", '{"plan": true}'])
    return {
        result.node.unique_id: json.loads(result.message or "")
        if result.status == RunStatus.Success
        else (result.message or str(result.status))
        for result in results.results
    }


def _obstacle(manifest: Manifest, uid: str) -> str:
    """Why a model cannot be planned; empty: it can."""
    node = manifest.nodes[uid]
    assert isinstance(node, ModelNode)  # noqa: S101
    if node.config.materialized not in PLANNED:
        return f"it is materialized as {node.config.materialized}"
    if node.config.pre_hook or (node.config.post_hook and node.config.materialized != "settled_view"):
        return "it has hooks"
    if asked := ASKS_AT_RUN_TIME & _macros_of(manifest, node.depends_on.macros):
        return f"it asks the warehouse while it is rendered ({', '.join(sorted(asked))})"
    return ""


def _macros_of(manifest: Manifest, names: Iterable[str]) -> set[str]:
    """Those that a model calls, near or far."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found and name in manifest.macros:
            found.add(name)
            waiting.extend(manifest.macros[name].depends_on.macros)
    return found


def _planned(
    manifest: Manifest,
    uid: str,
    parents: Sequence[str],
    rendered: Mapping[str, str | dict[str, Any]],
) -> PlannedModel:
    node = manifest.nodes[uid]
    assert isinstance(node, ModelNode)  # noqa: S101
    found = rendered.get(uid) or _obstacle(manifest, uid)
    statements, why_not = (None, found) if isinstance(found, str) else (statements_of(found), "")
    columns = frozenset(name.lower() for name in node.columns)
    return PlannedModel(uid, node.schema, node.name, columns, tuple(parents), statements, why_not)


def _planned_tests(
    manifest: Manifest, written: Mapping[str, Any], where: Sequence[str]
) -> dict[str, PlannedTest]:
    names = [manifest.nodes[uid].name for uid in _ids(manifest, TestNode)]
    found = {}
    for result in _invoke(manifest, "compile", names, where).results if names else ():
        node = result.node
        assert isinstance(node, TestNode)  # noqa: S101
        shown = _shown(written, node.unique_id)
        if shown is not None:
            models = tuple(uid for uid in node.depends_on.nodes if uid.startswith("model."))
            can_fail = str(node.config.severity).lower() == "error"
            found[node.unique_id] = PlannedTest(
                node.unique_id,
                tuple(shown.asset_key.path),
                shown.name,
                models,
                _question(node),
                can_fail,
                tuple(tuple(dep.asset_key.path) for dep in shown.additional_deps),
                shown.blocking,
            )
    return found


def _question(test: TestNode) -> str:
    """As dbt's own `get_test_sql` asks it."""
    config = test.config
    limit = f"limit {config.limit}" if config.limit else ""
    return f"""select {config.fail_calc} as failures, {config.fail_calc} {config.warn_if} as should_warn,
    {config.fail_calc} {config.error_if} as should_error
from (
{test.compiled_code}
{limit}) as dbt_internal_test"""


def _shown(written: Mapping[str, Any], test_id: str) -> dg.AssetCheckSpec | None:
    """The check that shows a test."""
    for parent in written["parent_map"].get(test_id, ()):
        spec = TRANSLATOR.get_asset_spec(written, parent, None)
        check = TRANSLATOR.get_asset_check_spec(spec, written, test_id, None)
        if check is not None:
            return check
    return None


def _excerpt(written: Mapping[str, Any]) -> dict[str, Any]:
    """What the loop reads of the manifest (orchestration/micro_batch/due_models.py)."""
    models = {uid: node for uid, node in written["nodes"].items() if node["resource_type"] == "model"}
    return {
        "nodes": {
            uid: {
                "resource_type": "model",
                "name": node["name"],
                "config": {"meta": {k: v for k, v in node["config"]["meta"].items() if k in META}},
            }
            for uid, node in models.items()
        },
        "sources": {uid: {"name": source["name"]} for uid, source in written["sources"].items()},
        "parent_map": {
            uid: parents
            for uid, parents in written["parent_map"].items()
            if uid in models or uid in written["sources"]
        },
    }


def _ids(manifest: Manifest, kind: Any) -> list[str]:
    return [uid for uid, node in manifest.nodes.items() if isinstance(node, kind)]


def _invoke(
    manifest: Manifest, command: str, names: Sequence[str], options: Sequence[str]
) -> RunExecutionResult:
    outcome = dbtRunner(manifest=manifest).invoke([command, "--select", *names, *QUIET, *QUICK, *options])
    if not isinstance(outcome.result, RunExecutionResult):
        raise NeedsAttention(f"dbt cannot render its project: {outcome.exception}.")
    return outcome.result


def plan_path() -> Path:
    return environment.plan_file(load_settings())


def main() -> None:
    """One at a time: a run and the code location may find the same plan stale at once."""
    path = plan_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if read_current(path, fingerprint(environment.DBT_DIR, load_settings())) is None:
            make_plan().write(path)


if __name__ == "__main__":
    main()
