"""Who may use the warehouse file now: one advisory lock beside it.

    gate ─▶ lock        everyone passes the gate first, so that overlapping readers cannot starve a writer

DuckDB lets one process write and shuts readers out meanwhile, at once and without waiting; here they
wait in turn instead. The kernel frees the lock of a process that dies. Within a process it is
re-entrant: dbt's threads work under the lock their run took.
"""

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from ingest.core.errors import WarehouseBusy

Mode = Literal["shared", "exclusive"]
_POLL_SECONDS = 0.01
_THREAD_SECONDS = 120


class FileLock:
    """The lock of one warehouse file, one object per path and process: see `lock_for`."""

    def __init__(self, warehouse: Path) -> None:
        self._lock_path = warehouse.with_name(warehouse.name + ".lock")
        self._gate_path = warehouse.with_name(warehouse.name + ".gate")
        self._writing_thread = threading.RLock()
        self._turn = threading.Condition()
        self._is_locking = False
        self._mode: Mode | None = None
        self._holders: list[int] = []
        self._file: int | None = None

    @property
    def is_exclusive(self) -> bool:
        """Whether this process holds it for writing."""
        return self._mode == "exclusive"

    @contextmanager
    def hold(self, mode: Mode, wait_seconds: float | None = None) -> Iterator[None]:
        """Hold the file, waiting for our turn; WarehouseBusy when that takes longer than told."""
        self.acquire(mode, wait_seconds)
        try:
            yield
        finally:
            self.release()

    @contextmanager
    def one_thread(self) -> Iterator[None]:
        """For those who land, see DuckDbWarehouse. Bounded: a thread that holds it may be waiting for us."""
        if not self._writing_thread.acquire(timeout=_THREAD_SECONDS):
            raise WarehouseBusy(
                f"Another thread of this process writes to the warehouse ({self._lock_path})."
            )
        try:
            yield
        finally:
            self._writing_thread.release()

    def acquire(self, mode: Mode, wait_seconds: float | None = None) -> None:
        deadline = None if wait_seconds is None else time.monotonic() + wait_seconds
        with self._turn:
            while not self._may_join(mode):
                if self._mode is None and not self._is_locking:
                    self._lock(mode, deadline)
                elif threading.get_ident() in self._holders:
                    raise RuntimeError("a reader of the warehouse cannot become its writer: release it first")
                elif not self._turn.wait(_left(deadline)):
                    raise WarehouseBusy(self._busy_message())
            self._holders.append(threading.get_ident())

    def release(self) -> None:
        with self._turn:
            me = threading.get_ident()
            self._holders.remove(me if me in self._holders else self._holders[-1])
            if not self._holders and self._file is not None:
                if self._mode == "exclusive":
                    os.ftruncate(self._file, 0)
                os.close(self._file)
                self._file = self._mode = None
                self._turn.notify_all()

    def _may_join(self, mode: Mode) -> bool:
        return self._mode == "exclusive" or (self._mode == "shared" and mode == "shared")

    def _lock(self, mode: Mode, deadline: float | None) -> None:
        """Lock the file; meanwhile other threads may come, wait and give up by their own deadlines."""
        self._is_locking = True
        self._turn.release()
        file = None
        try:
            file = self._lock_file(mode, deadline)
        finally:
            self._turn.acquire()
            self._is_locking = False
            self._file, self._mode = file, mode if file is not None else None
            self._turn.notify_all()

    def _lock_file(self, mode: Mode, deadline: float | None) -> int:
        self._lock_path.parent.mkdir(parents=True, exist_ok=True)
        gate = os.open(self._gate_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        lock = os.open(self._lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            self._flock(gate, fcntl.LOCK_EX, deadline)
            self._flock(lock, fcntl.LOCK_EX if mode == "exclusive" else fcntl.LOCK_SH, deadline)
        except BaseException:
            os.close(lock)
            raise
        finally:
            os.close(gate)
        os.ftruncate(lock, 0)  # a writer that was killed left its number
        if mode == "exclusive":
            os.pwrite(lock, str(os.getpid()).encode(), 0)
        return lock

    def _flock(self, file: int, operation: int, deadline: float | None) -> None:
        if deadline is None:
            fcntl.flock(file, operation)
            return
        while True:
            try:
                fcntl.flock(file, operation | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise WarehouseBusy(self._busy_message()) from None
                time.sleep(_POLL_SECONDS)
            else:
                return

    def _busy_message(self) -> str:
        writer = self._lock_path.read_text() if self._lock_path.exists() else ""
        who = f"process {writer} writes to it" if writer else "others read it"
        return f"The warehouse is busy ({who}; {self._lock_path}). Try again, or wait longer."


_locks: dict[Path, FileLock] = {}
_locks_guard = threading.Lock()


def lock_for(warehouse: Path) -> FileLock:
    """The lock of this file in this process."""
    path = warehouse.resolve()
    with _locks_guard:
        return _locks.setdefault(path, FileLock(path))


def _left(deadline: float | None) -> float | None:
    return None if deadline is None else max(0.0, deadline - time.monotonic())
