"""A consistent copy of the warehouse, for tools that know no lock: the duckdb CLI, DBeaver, Tableau."""

from pathlib import Path

from ingest.core.settings import Settings
from ingest.warehouse.engine import copies_of


def snapshot(settings: Settings, path: Path | None = None, tool: str | None = None) -> Path:
    """Put a copy at `path`, replacing an older one in one step: who reads that one keeps it.

    `tool`: the version of the engine that is to open it; ValueError if no copy can be made for that.
    """
    target = path or settings.tickhouse_home / "snapshots" / "tickhouse.duckdb"
    copies_of(settings).make(settings, target, tool)
    return target
