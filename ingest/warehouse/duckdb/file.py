"""The DuckDB file: opened late, closed early, always under its lock.

Every connection of a process to the file must have the same configuration, dbt's included, so there
is none here: what differs is set on the connection.
"""

import errno
import logging
import os
import re
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from ingest.core.errors import DiskFull, NeedsAttention, WarehouseBusy
from ingest.warehouse.duckdb.file_lock import lock_for

log = logging.getLogger(__name__)

# Read by DuckDB 1.5 and newer; `tickhouse snapshot --for` makes copies for older ones.
STORAGE_VERSION = "v1.5.0"
_LOCKED = "could not set lock on file"
_STRANGER = re.compile(r"PID \d+")
_FULL = tuple(os.strerror(number).lower() for number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG))
_RETRY_SECONDS = 0.1
# DuckDB refuses a thread that opens a file while another one is closing it.
_door = threading.Lock()


class DuckDbFile:
    """One DuckDB file that several processes share in turn."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lock = lock_for(path)

    @contextmanager
    def writing(self, wait_seconds: float | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
        """The file for this process alone."""
        with self.lock.hold("exclusive", wait_seconds), self._connection(wait_seconds) as connection:
            yield connection

    @contextmanager
    def reading(self, wait_seconds: float | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
        """The file beside other readers; never while somebody writes."""
        with self.lock.hold("shared", wait_seconds), self._connection(wait_seconds) as connection:
            yield connection

    def create(self) -> None:
        """Make the file, if it is not there."""
        with self.lock.hold("exclusive"):
            if self.path.exists():
                return
            self.path.parent.mkdir(parents=True, exist_ok=True)
            unfinished = self.path.with_name(self.path.name + ".new")
            unfinished.unlink(missing_ok=True)
            with duckdb.connect() as memory:
                memory.execute(
                    f"attach '{quoted(unfinished)}' as created (storage_version '{STORAGE_VERSION}')"
                )
            unfinished.rename(self.path)  # killed before: no file rather than half of one

    @contextmanager
    def _connection(self, wait_seconds: float | None) -> Iterator[duckdb.DuckDBPyConnection]:
        if not self.path.exists():
            raise NeedsAttention(f"There is no warehouse at {self.path} yet. `tickhouse drain` makes it.")
        connection = self._connect_past_strangers(wait_seconds)
        try:
            connection.execute("set TimeZone = 'UTC'")
            yield connection
        except duckdb.Error as error:
            if full := disk_full(error, self.path):
                raise full from error
            raise
        finally:
            with _door:
                connection.close()

    def _connect_past_strangers(self, wait_seconds: float | None) -> duckdb.DuckDBPyConnection:
        """Somebody may have opened the file with a tool that knows no lock: wait, and say who it is."""
        deadline = None if wait_seconds is None else time.monotonic() + wait_seconds
        told = False
        while True:
            try:
                with _door:
                    return duckdb.connect(self.path, read_only=not self.lock.is_exclusive)
            except duckdb.IOException as error:
                if _LOCKED not in str(error).lower():
                    raise
                found = _STRANGER.search(str(error))
                stranger = found[0] if found else "its number is not known"
                message = f"{self.path} is open in another program ({stranger}). Close it there."
                if deadline is not None and time.monotonic() >= deadline:
                    raise WarehouseBusy(message) from error
                if not told:
                    log.warning("%s Waiting.", message)
                    told = True
            time.sleep(_RETRY_SECONDS)


def disk_full(error: duckdb.Error, path: Path) -> DiskFull | None:
    """A full disk by its own name, or None if the error is another one."""
    text = str(error).lower()
    if not any(sign in text for sign in _FULL):
        return None
    free = shutil.disk_usage(path.parent).free // 2**20
    return DiskFull(
        f"The disk is full: {path} cannot grow ({free} MiB free). Nothing of this batch was landed and "
        "nothing is lost. Free some room, or keep less: `tickhouse prune`."
    )


def quoted(path: Path) -> str:
    """A path inside a SQL string."""
    return str(path).replace("'", "''")
