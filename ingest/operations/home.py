"""Makes TICKHOUSE_HOME ready: folders, Dagster's settings, and a `.env` that tells `dagster dev` of them."""

import os
import shutil
from pathlib import Path

from dotenv import dotenv_values

from ingest.core.private import close_to_others
from ingest.core.settings import DEFAULT_HOME, PROJECT_ROOT, Settings, absolute_home
from ingest.warehouse.open import open_warehouse

DAGSTER_YAML = PROJECT_ROOT / "orchestration" / "dagster.yaml"
ENV_FILE = PROJECT_ROOT / ".env"
# Not `postgres`: the user that root's PostgreSQL runs as passes through it.
PRIVATE = ("dagster", "logs", "backups", "snapshots", "runs", "kafka", "connect", "warehouse*.duckdb*")


def prepare_home(settings: Settings) -> None:
    """Safe to repeat: what is there stays."""
    make_home(settings.tickhouse_home)
    settings.dagster_home.mkdir(exist_ok=True)
    copy = settings.dagster_home / "dagster.yaml"
    if not copy.exists():
        shutil.copyfile(DAGSTER_YAML, copy)
    with open_warehouse(settings) as warehouse:
        warehouse.migrate()
    for pattern in PRIVATE:
        for path in settings.tickhouse_home.glob(pattern):
            close_to_others(path)


def make_home(home: Path) -> None:
    """Root's can be passed through, as its PostgreSQL is somebody else; what lies in it is closed."""
    if not home.exists():
        home.mkdir(parents=True)
        home.chmod(0o711 if os.geteuid() == 0 else 0o700)


def write_env(settings: Settings, env_file: Path = ENV_FILE) -> bool:
    """Plain `dagster dev` reads DAGSTER_HOME from here; it must be absolute.

    A home that stands in the environment alone changes no `.env` that is there; False then.
    """
    if not env_file.exists():
        shutil.copyfile(PROJECT_ROOT / ".env.example", env_file)
        if settings.tickhouse_home != DEFAULT_HOME:
            _set(env_file, "TICKHOUSE_HOME", settings.tickhouse_home)
    elif settings.tickhouse_home != absolute_home(dotenv_values(env_file).get("TICKHOUSE_HOME")):
        return False
    _set(env_file, "DAGSTER_HOME", settings.dagster_home)
    close_to_others(env_file)
    return True


def _set(env_file: Path, name: str, value: Path) -> None:
    lines = env_file.read_text().splitlines()
    place = next((i for i, old in enumerate(lines) if old.lstrip("# ").startswith(f"{name}=")), len(lines))
    lines[place : place + 1] = [f"{name}={value}"]
    env_file.write_text("\n".join(lines) + "\n")
