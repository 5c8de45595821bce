"""Makes TICKHOUSE_HOME ready: folders, Dagster's settings, and a `.env` that tells `dagster dev` of them."""

import shutil
from pathlib import Path

from ingest.core.settings import PROJECT_ROOT, Settings
from ingest.warehouse.open import open_warehouse

DAGSTER_YAML = PROJECT_ROOT / "orchestration" / "dagster.yaml"
ENV_FILE = PROJECT_ROOT / ".env"


def prepare_home(settings: Settings) -> None:
    """Safe to repeat: what is there stays."""
    settings.dagster_home.mkdir(parents=True, exist_ok=True)
    copy = settings.dagster_home / "dagster.yaml"
    if not copy.exists():
        shutil.copyfile(DAGSTER_YAML, copy)
    open_warehouse(settings).migrate()


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
