"""dbt kept warm in this process: parsed once, then a small build takes a second instead of ten.

WarmDbt.run(...) ─▶ dbtRunner with the parsed manifest ─▶ node results ─▶ (results.py) ─▶ Dagster events
"""

import contextlib
import gc
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import dagster as dg
from dbt import version
from dbt.artifacts.schemas.run import RunExecutionResult
from dbt.cli.main import dbtRunner
from dbt.constants import PARTIAL_PARSE_FILE_NAME
from dbt.contracts.graph.manifest import Manifest
from dbt.contracts.graph.nodes import CompiledNode, ResultNode

from ingest.core.errors import NeedsAttention
from orchestration.dbt.environment import DBT_DIR, dbt_environment
from orchestration.dbt.project import ensure_manifest, is_current
from orchestration.dbt.quiet import keep_quiet

# Nothing written, nothing asked twice: each of these costs a tenth of a second or more per call.
QUICK = [
    "--quiet",
    "--no-write-json",
    "--log-level",
    "none",
    "--log-level-file",
    "none",
    "--no-populate-cache",
    "--no-version-check",
]
JINJA = ("{{", "{%", "{#")
WHERE = ["--project-dir", str(DBT_DIR), "--profiles-dir", str(DBT_DIR)]
NO_VARIABLES: Mapping[str, str] = MappingProxyType({})


class WarmDbt:
    """Runs dbt commands in this process. The warehouse may be held open by the caller meanwhile."""

    def __init__(self, variables: Mapping[str, str] = NO_VARIABLES, run_id: str | None = None) -> None:
        keep_quiet()
        manifest_path = ensure_manifest()
        os.environ.update(dbt_environment(run_id))
        self.manifest_json: Mapping[str, Any] = json.loads(manifest_path.read_text())
        self._runner = dbtRunner(manifest=_parsed(manifest_path.with_name(PARTIAL_PARSE_FILE_NAME)))
        self._variables = ["--vars", json.dumps(dict(variables))]
        gc.freeze()  # what was parsed stays: to look through it at each collection took a quarter of a build

    def invoke(self, *arguments: str) -> RunExecutionResult:
        """`run`, `test` or `build`; node failures are in the result, a broken dbt is an error."""
        with _working_directory_kept():
            outcome = self._runner.invoke([*arguments, *self._variables, *QUICK, *WHERE])
        if outcome.exception is None and outcome.result is None:
            raise dg.DagsterExecutionInterruptedError("dbt was interrupted")
        if outcome.exception is not None or not isinstance(outcome.result, RunExecutionResult):
            raise NeedsAttention(f"dbt {' '.join(arguments)} broke off: {outcome.exception}")
        for result in outcome.result.results:
            keep_rendered(result.node)
        return outcome.result


def _parsed(kept: Path) -> Manifest:
    """As the last parse left it beside the manifest: `dbt parse` would parse all of it again, for seconds,
    because another instance's TICKHOUSE_HOME is in the profile."""
    if is_current(kept):
        manifest = Manifest.from_msgpack(kept.read_bytes())
        if manifest.metadata.dbt_version == version.__version__:
            manifest.build_flat_graph()  # what Jinja knows as `graph`
            return manifest
    parsed = dbtRunner().invoke(["parse", *QUICK, *WHERE])
    if not isinstance(parsed.result, Manifest):
        raise NeedsAttention(f"dbt cannot parse its project: {parsed.exception}. See `dbt parse`.")
    return parsed.result


def keep_rendered(node: ResultNode) -> None:
    """Rendering took a third of a small build, and gives the same text each time: what differs from build to
    build (how far it goes) a model reads in the warehouse, and variables are those of this WarmDbt."""
    if not isinstance(node, CompiledNode):
        return
    rendered = node.compiled_code
    if rendered and not any(mark in rendered for mark in JINJA):
        node.raw_code = rendered


@contextlib.contextmanager
def _working_directory_kept() -> Iterator[None]:
    """dbt changes into its project and stays there."""
    with contextlib.chdir(os.getcwd()):  # noqa: PTH109
        yield
