"""Consistent copies of the file: for tools that know no lock, backups, rebuilds on the side."""

import logging
import os
import shutil
from pathlib import Path

import duckdb

from ingest.core.errors import DiskFull, NeedsAttention
from ingest.core.settings import Settings
from ingest.warehouse.capabilities import Contents
from ingest.warehouse.duckdb.file import DuckDbFile
from ingest.warehouse.duckdb.migrate import migrations, schema_version
from ingest.warehouse.duckdb.older_tools import rewrite_as, storage_for
from ingest.warehouse.duckdb.positions import read_positions

logger = logging.getLogger(__name__)

ROOM_LEFT_BYTES = 256 * 2**20


class FileCopies:
    """Not to be made while this process has the file open: closing the copied file would let go of DuckDB's
    own lock on it."""

    @property
    def newest_schema(self) -> int:
        return migrations()[-1][0]

    def make(self, settings: Settings, target: Path, tool: str | None = None) -> None:
        storage = storage_for(tool) if tool else None
        source = settings.warehouse_path
        if not source.exists():
            raise NeedsAttention(f"There is no warehouse at {source} yet. Start with: tickhouse up")
        target.parent.mkdir(parents=True, exist_ok=True)
        _check_room(source, target)
        unfinished = target.with_name(f".{target.name}.{os.getpid()}")
        file = DuckDbFile(source)
        try:
            with file.lock.hold("exclusive"):
                with file.writing() as connection:
                    connection.execute("checkpoint")  # a killed writer leaves the newest rows beside the file
                shutil.copyfile(source, unfinished)
            if storage:
                rewrite_as(storage, unfinished)
            unfinished.replace(target)
        finally:
            unfinished.unlink(missing_ok=True)

    def look_into(self, copy: Path) -> Contents:
        with duckdb.connect(copy, read_only=True) as connection:
            return Contents(schema_version(connection), read_positions(connection))

    def put_back(self, settings: Settings, copy: Path) -> Path | None:
        path = settings.warehouse_path
        incoming = path.with_name(f".{path.name}.restoring")
        path.parent.mkdir(parents=True, exist_ok=True)
        _check_room(copy, incoming)
        shutil.copyfile(copy, incoming)
        with DuckDbFile(path).lock.hold("exclusive"):
            replaced = _set_aside(path) if path.exists() else None
            incoming.replace(path)
        return replaced


def _check_room(source: Path, target: Path) -> None:
    """DiskFull if a copy would not fit; better said before than half-way."""
    need, free = source.stat().st_size, shutil.disk_usage(target.parent).free
    if free < need + ROOM_LEFT_BYTES:
        raise DiskFull(
            f"No room for a copy at {target}: it takes {need / 2**20:.0f} MiB, {free / 2**20:.0f} MiB are "
            "free. Name a path on another disk, or free some."
        )


def _set_aside(path: Path) -> Path:
    """A second name for the warehouse that is there, so that at no moment there is none."""
    aside = path.with_name(f"{path.stem}.replaced{path.suffix}")
    log, log_aside = (one.with_name(one.name + ".wal") for one in (path, aside))
    try:
        with DuckDbFile(path).writing() as connection:
            connection.execute("checkpoint")
    except duckdb.Error as error:
        logger.warning("What is there cannot be read (%s); it is set aside as it is.", error)
    for old in (aside, log_aside):
        old.unlink(missing_ok=True)
    try:
        aside.hardlink_to(path)
    except OSError:  # not every file system has links
        shutil.copyfile(path, aside)
    if log.exists():  # it belongs to the old file, and would spoil the new one
        log.rename(log_aside)
    return aside
