"""Makes TICKHOUSE_HOME ready: folders, Dagster's settings, and a `.env` that tells `dagster dev` of them."""

import os
import shutil
from pathlib import Path

from ingest.core.private import close_to_others
from ingest.core.settings import PROJECT_ROOT, Settings
from ingest.warehouse.open import open_warehouse

DAGSTER_YAML = PROJECT_ROOT / "orchestration" / "dagster.yaml"
ENV_FILE = PROJECT_ROOT / ".env"
# Not `postgres`: the user that root's PostgreSQL runs as passes through it.
PRIVATE = ("dagster", "logs", "backups", "snapshots", "runs", "kafka", "connect", "warehouse*.duckdb*")


def prepare_home(settings: Settings) -> None:
    """Safe to repeat: what is there stays."""
    _make(settings.tickhouse_home)
    settings.dagster_home.mkdir(exist_ok=True)
    copy = settings.dagster_home / "dagster.yaml"
    if not copy.exists():
        shutil.copyfile(DAGSTER_YAML, copy)
    with open_warehouse(settings) as warehouse:
        warehouse.migrate()
    for pattern in PRIVATE:
        for path in settings.tickhouse_home.glob(pattern):
            close_to_others(path)


def _make(home: Path) -> None:
    """Root's can be passed through, as its PostgreSQL is somebody else; what lies in it is closed."""
    if not home.exists():
        home.mkdir(parents=True)
        home.chmod(0o711 if os.geteuid() == 0 else 0o700)


def write_env(settings: Settings, env_file: Path = ENV_FILE) -> None:
    """Plain `dagster dev` reads DAGSTER_HOME from here; it must be absolute."""
    if not env_file.exists():
        shutil.copyfile(PROJECT_ROOT / ".env.example", env_file)
    line = f"DAGSTER_HOME={settings.dagster_home}"
    lines = env_file.read_text().splitlines()
    place = next((i for i, old in enumerate(lines) if old.lstrip("# ").startswith("DAGSTER_HOME=")), None)
    if place is None:
        lines.append(line)
    else:
        lines[place] = line
    env_file.write_text("\n".join(lines) + "\n")
    close_to_others(env_file)
