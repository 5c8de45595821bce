"""Gives disk back: DuckDB reuses the blocks that a prune frees, but the file never gets smaller by itself.

    warehouse.duckdb ── copy what is used ─▶ warehouse.duckdb.shrunk ── rename ─▶ warehouse.duckdb

Killed at any step, one good file is there: the old one until the rename, the new one from then on.
"""

import os
import shutil
from pathlib import Path

import duckdb

from ingest.core.errors import NeedsAttention
from ingest.warehouse.duckdb.file import STORAGE_VERSION, DuckDbFile, quoted
from ingest.warehouse.protocol import Shrunk

MIB = 2**20
WORTH_BYTES = 64 * MIB
WORTH_SHARE = 0.25
ROOM_LEFT_BYTES = 64 * MIB


def shrink(file: DuckDbFile) -> Shrunk:
    """Rewrite the file if that gives much back. Everybody else waits meanwhile."""
    with file.lock.hold("exclusive"):
        with file.writing() as connection:
            connection.execute("checkpoint")
            used, free = _block_bytes(connection)
        before = file.path.stat().st_size
        if free < WORTH_BYTES or free < WORTH_SHARE * (used + free):
            return Shrunk(before, before)
        room = shutil.disk_usage(file.path.parent).free
        if room < used + ROOM_LEFT_BYTES:
            why = f"a copy takes {used // MIB} MiB for a while, {room // MIB} MiB are free"
            return Shrunk(before, before, why)
        _rewrite(file.path)
        return Shrunk(before, file.path.stat().st_size)


def _rewrite(path: Path) -> None:
    log = path.with_name(path.name + ".wal")
    if log.exists():
        raise NeedsAttention(f"{log} is still there after a checkpoint: {path} was not rewritten.")
    new = path.with_name(path.name + ".shrunk")
    _remove(new)
    with duckdb.connect() as memory:
        # Attached until the end: no program that knows our lock not can write to the old file meanwhile.
        memory.execute(f"attach '{quoted(path)}' as old (read_only)")
        memory.execute(f"attach '{quoted(new)}' as new (storage_version '{STORAGE_VERSION}')")
        memory.execute("copy from database old to new")
        _compare(memory)
        memory.execute("detach new")
        shutil.copymode(path, new)
        _sync(new)
        new.replace(path)
        _sync(path.parent)


def _compare(memory: duckdb.DuckDBPyConnection) -> None:
    """The same tables with as many rows: a copy that lacks something must not take the place."""
    tables = "select schema_name, table_name from duckdb_tables() where database_name = ? order by all"
    old = memory.execute(tables, ["old"]).fetchall()
    if old != memory.execute(tables, ["new"]).fetchall():
        raise NeedsAttention("The copy of the warehouse lacks tables; the old file stays in use.")
    for schema, table in old:
        counts = " union all ".join(
            f'select count(*) from {side}."{schema}"."{table}"' for side in ("old", "new")
        )
        first, second = memory.execute(counts).fetchall()
        if first != second:
            raise NeedsAttention(f"The copy of {schema}.{table} has other rows; the old file stays in use.")


def _block_bytes(connection: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    row = connection.execute(
        "select block_size * used_blocks, block_size * free_blocks from pragma_database_size() "
        "where database_name = current_database()"
    ).fetchone()
    return (row[0], row[1]) if row else (0, 0)


def _remove(unfinished: Path) -> None:
    """What a killed attempt left."""
    for path in (unfinished, unfinished.with_name(unfinished.name + ".wal")):
        path.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    """To the disk, before the next step counts on it."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
