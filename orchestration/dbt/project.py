"""Where the dbt project is, and its manifest, parsed again only when a source file changed."""

import fcntl
import subprocess
import sys
from pathlib import Path

from dagster_dbt import DbtProject

from ingest.core.settings import load_settings
from ingest.warehouse.dbt_variables import dbt_target, without_secrets
from orchestration.dbt import environment
from orchestration.dbt.environment import dbt_environment
from orchestration.dbt.fingerprint import source_files


def ensure_manifest() -> Path:
    """The manifest, made by `dbt parse` if it is missing or older than the project."""
    manifest = environment.DBT_DIR / dbt_target(load_settings()) / "manifest.json"
    manifest.parent.mkdir(parents=True, exist_ok=True)
    with (manifest.parent / "parse.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not is_current(manifest):
            dbt = str(Path(sys.executable).parent / "dbt")
            where = ["--project-dir", str(environment.DBT_DIR), "--profiles-dir", str(environment.DBT_DIR)]
            subprocess.run(
                [dbt, "--quiet", "parse", *where], check=True, env=without_secrets(dbt_environment())
            )
    return manifest


def is_current(parsed: Path) -> bool:
    """Whether it is there and no older than the project."""
    return parsed.exists() and parsed.stat().st_mtime >= _newest_source()


def _newest_source() -> float:
    return max(file.stat().st_mtime for file in source_files(environment.DBT_DIR))


def dbt_project() -> DbtProject:
    ensure_manifest()
    project, target = environment.DBT_DIR, Path(dbt_target(load_settings()))
    return DbtProject(project, target_path=target, profiles_dir=project)
