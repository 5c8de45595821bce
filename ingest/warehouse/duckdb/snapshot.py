"""A consistent copy of the warehouse, for tools that know no lock: the duckdb CLI, DBeaver, Tableau."""

import os
import shutil
from pathlib import Path

from ingest.core.errors import DiskFull, NeedsAttention
from ingest.core.settings import Settings
from ingest.warehouse.duckdb.file import DuckDbFile

ROOM_LEFT_BYTES = 256 * 2**20


def snapshot(settings: Settings, path: Path | None = None) -> Path:
    """Put a copy at `path`, replacing an older one in one step: who reads that one keeps it."""
    target = path or settings.tickhouse_home / "snapshots" / "tickhouse.duckdb"
    copy_warehouse(settings.warehouse_path, target)
    return target


def copy_warehouse(source: Path, target: Path) -> None:
    """Writers wait as long as the copying takes.

    Not to be called while this process has the file open: closing the copied file would let go of
    DuckDB's own lock on it.
    """
    if not source.exists():
        raise NeedsAttention(f"There is no warehouse at {source} yet. Start with: tickhouse up")
    target.parent.mkdir(parents=True, exist_ok=True)
    check_room(source, target)
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    file = DuckDbFile(source)
    try:
        with file.lock.hold("exclusive"):
            with file.writing() as connection:
                connection.execute("checkpoint")  # a killed writer leaves the newest rows beside the file
            shutil.copyfile(source, unfinished)
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)


def check_room(source: Path, target: Path) -> None:
    """DiskFull if a copy would not fit; better said before than half-way."""
    need, free = source.stat().st_size, shutil.disk_usage(target.parent).free
    if free < need + ROOM_LEFT_BYTES:
        raise DiskFull(
            f"No room for a copy at {target}: it takes {need / 2**20:.0f} MiB, {free / 2**20:.0f} MiB are "
            "free. Name a path on another disk, or free some."
        )
