"""dbt's part of getting ready: it renders the models for the micro-batch run, in a process of its own."""

import subprocess
import sys

from ingest.core.errors import ServiceFailed
from ingest.core.settings import PROJECT_ROOT, Settings
from ingest.operations.child import instance_environment


def make_plan(settings: Settings) -> None:
    """Nothing happens if the one that is there is of this project."""
    done = _run(settings, "orchestration.dbt.plans", capture=True)
    if done.returncode:
        raise ServiceFailed(f"dbt could not render its project:\n{done.stderr.strip()[-2000:]}")


def explain_model(settings: Settings, name: str) -> int:
    """Says what the micro-batch run would send to build a model; an exit code."""
    return _run(settings, "orchestration.dbt.explain", name).returncode


def _run(
    settings: Settings, module: str, *arguments: str, capture: bool = False
) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=PROJECT_ROOT,
        env=instance_environment(settings),
        capture_output=capture,
        text=True,
        check=False,
    )
