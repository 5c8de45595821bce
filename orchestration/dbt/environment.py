"""Where the dbt project is, and what dbt is told in its environment. Imports neither dbt nor Dagster."""

import os
from pathlib import Path

from ingest.core.settings import PROJECT_ROOT, Settings, load_settings
from ingest.warehouse.dbt_variables import dbt_target, dbt_variables

DBT_DIR = PROJECT_ROOT / "dbt_project"
PLAN_FILE = "plan.json"
"""Beside the manifest, in dbt's target."""
ANONYMOUS = {"DO_NOT_TRACK": "1", "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}


def plan_file(settings: Settings) -> Path:
    return DBT_DIR / dbt_target(settings) / PLAN_FILE


def dbt_environment(run_id: str | None = None) -> dict[str, str]:
    """What dbt needs to find this instance's warehouse, wherever it is called from."""
    return {**os.environ, **ANONYMOUS, **dbt_variables(load_settings(), run_id)}
