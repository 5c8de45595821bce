"""Where the dbt project is, and its manifest, parsed again only when a source file changed."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

from dagster_dbt import DbtProject

from ingest.core.settings import PROJECT_ROOT, load_settings
from ingest.warehouse.dbt_variables import dbt_target, dbt_variables, without_secrets

DBT_DIR = PROJECT_ROOT / "dbt_project"
# `dbt deps` has nothing to do: packages from a hub would need a network that may not be there.
SOURCE_FOLDERS = ("models", "macros", "tests", "seeds")
ANONYMOUS = {"DO_NOT_TRACK": "1", "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}


def dbt_environment(run_id: str | None = None) -> dict[str, str]:
    """What dbt needs to find this instance's warehouse, wherever it is called from."""
    return {**os.environ, **ANONYMOUS, **dbt_variables(load_settings(), run_id)}


def ensure_manifest() -> Path:
    """The manifest, made by `dbt parse` if it is missing or older than the project."""
    manifest = DBT_DIR / dbt_target(load_settings()) / "manifest.json"
    manifest.parent.mkdir(parents=True, exist_ok=True)
    with (manifest.parent / "parse.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not is_current(manifest):
            dbt = str(Path(sys.executable).parent / "dbt")
            where = ["--project-dir", str(DBT_DIR), "--profiles-dir", str(DBT_DIR)]
            subprocess.run(
                [dbt, "--quiet", "parse", *where], check=True, env=without_secrets(dbt_environment())
            )
    return manifest


def is_current(parsed: Path) -> bool:
    """Whether it is there and no older than the project."""
    return parsed.exists() and parsed.stat().st_mtime >= _newest_source()


def _newest_source() -> float:
    files = [DBT_DIR / "dbt_project.yml", DBT_DIR / "profiles.yml"]
    for folder in SOURCE_FOLDERS:
        files += (DBT_DIR / folder).rglob("*.*")
    return max(file.stat().st_mtime for file in files if file.is_file())


def dbt_project() -> DbtProject:
    ensure_manifest()
    return DbtProject(DBT_DIR, target_path=Path(dbt_target(load_settings())), profiles_dir=DBT_DIR)
