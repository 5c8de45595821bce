"""The lock beside the warehouse file, between real processes and between threads."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path

import pytest

from ingest.core.errors import WarehouseBusy
from ingest.warehouse.duckdb import file_lock
from ingest.warehouse.duckdb.file_lock import FileLock, Mode, lock_for
from tests.warehouse.processes import process, wait_until_ready

# Holds the lock, says so, and waits for its standard input to end.
HOLDER = """
import sys
from pathlib import Path
from ingest.warehouse.duckdb.file_lock import lock_for
with lock_for(Path(sys.argv[1])).hold(sys.argv[2]):
    print("ready", flush=True)
    sys.stdin.read()
"""

# Takes and leaves the shared lock again and again; says each time that it has it.
READER = """
import sys, time
from pathlib import Path
from ingest.warehouse.duckdb.file_lock import lock_for
while True:
    with lock_for(Path(sys.argv[1])).hold("shared"):
        print("ready", flush=True)
        time.sleep(0.3)
"""


def is_free(lock: FileLock) -> bool:
    try:
        with lock.hold("exclusive", wait_seconds=0):
            return True
    except WarehouseBusy:
        return False


def test_one_lock_object_for_one_file(path: Path) -> None:
    assert lock_for(path) is lock_for(path.parent / "." / path.name)
    assert lock_for(path) is not lock_for(path.with_name("another.duckdb"))


@pytest.mark.parametrize(
    ("held", "wanted", "is_given"),
    [
        ("shared", "shared", True),
        ("shared", "exclusive", False),
        ("exclusive", "shared", False),
        ("exclusive", "exclusive", False),
    ],
)
def test_readers_share_and_writers_do_not(path: Path, held: Mode, wanted: Mode, *, is_given: bool) -> None:
    with process(HOLDER, path, held):
        refused = nullcontext() if is_given else pytest.raises(WarehouseBusy)
        with refused, lock_for(path).hold(wanted, wait_seconds=0):
            pass


def test_a_writer_may_take_it_again_in_either_mode(path: Path) -> None:
    lock = lock_for(path)
    with lock.hold("exclusive"), lock.hold("exclusive"), lock.hold("shared"):
        assert lock.is_exclusive
    assert is_free(lock)


def test_it_stays_held_until_the_outermost_leaves(path: Path) -> None:
    lock = lock_for(path)
    try_it = HOLDER.replace("hold(sys.argv[2])", "hold('shared', 0)")
    with lock.hold("exclusive"):
        with lock.hold("exclusive"):
            pass
        command = [sys.executable, "-c", try_it, str(path)]
        refused = subprocess.run(command, capture_output=True, text=True, check=False)
    assert f"WarehouseBusy: The warehouse is busy (process {os.getpid()} writes" in refused.stderr


def test_a_reader_cannot_become_a_writer(path: Path) -> None:
    lock = lock_for(path)
    with lock.hold("shared"), pytest.raises(RuntimeError, match="release it first"):
        lock.acquire("exclusive")
    assert is_free(lock)


def test_a_timeout_names_the_process_that_writes(path: Path) -> None:
    with process(HOLDER, path, "exclusive") as holder, pytest.raises(WarehouseBusy) as busy:
        lock_for(path).acquire("shared", wait_seconds=0.05)
    assert f"process {holder.pid} writes" in str(busy.value)


def test_a_timeout_blames_no_writer_that_has_left(path: Path) -> None:
    """Neither one that let go nor one that was killed."""
    with lock_for(path).hold("exclusive"):
        pass
    with process(HOLDER, path, "exclusive") as holder:
        holder.kill()
        holder.wait()
        with process(HOLDER, path, "shared"), pytest.raises(WarehouseBusy, match="others read it"):
            lock_for(path).acquire("exclusive", wait_seconds=0.05)


def test_a_timeout_leaves_nothing_held(path: Path) -> None:
    lock = lock_for(path)
    with process(HOLDER, path, "shared"):
        with pytest.raises(WarehouseBusy):
            lock.acquire("exclusive", wait_seconds=0)
        with lock.hold("shared", wait_seconds=0):
            pass
    assert is_free(lock)


@pytest.mark.parametrize("mode", ["shared", "exclusive"])
def test_a_killed_holder_lets_go(path: Path, mode: Mode) -> None:
    with process(HOLDER, path, mode) as holder:
        assert not is_free(lock_for(path))
        os.kill(holder.pid, signal.SIGKILL)
        with lock_for(path).hold("exclusive", wait_seconds=30):
            pass


def test_overlapping_readers_do_not_starve_a_writer(path: Path) -> None:
    """Three readers, so that at any time one of them holds it: plain flock would never let a writer in."""
    with process(READER, path), process(READER, path), process(READER, path) as last:
        for _ in range(3):
            with lock_for(path).hold("exclusive", wait_seconds=30):
                pass
            wait_until_ready(last)


def test_threads_join_their_process_and_the_last_one_frees_it(path: Path) -> None:
    """dbt's threads work under the lock that their run took."""
    lock = lock_for(path)
    with ThreadPoolExecutor(1) as another_thread:
        with lock.hold("exclusive"):
            another_thread.submit(lock.acquire, "exclusive", wait_seconds=0).result()
        assert lock.is_exclusive
        another_thread.submit(lock.release).result()
    assert not lock.is_exclusive
    assert is_free(lock)


def test_a_thread_that_writes_waits_for_threads_that_read(path: Path) -> None:
    lock = lock_for(path)
    with ThreadPoolExecutor(1) as another_thread:
        with lock.hold("shared"):
            refused = another_thread.submit(lock.acquire, "exclusive", wait_seconds=0.05)
            assert isinstance(refused.exception(), WarehouseBusy)
            waiting = another_thread.submit(lock.acquire, "exclusive", wait_seconds=30)
            assert not waiting.done()
        waiting.result()
        assert lock.is_exclusive
        another_thread.submit(lock.release).result()
    assert is_free(lock)


def test_a_deadline_counts_while_another_thread_waits_for_the_file(path: Path) -> None:
    lock = lock_for(path)
    with process(HOLDER, path, "exclusive") as holder, ThreadPoolExecutor(1) as another_thread:
        patient = another_thread.submit(lock.acquire, "exclusive", wait_seconds=30)
        while not lock._is_locking:
            time.sleep(0.001)
        with pytest.raises(WarehouseBusy):
            lock.acquire("exclusive", wait_seconds=0.05)
        assert not patient.done()
        holder.kill()
        patient.result()
        another_thread.submit(lock.release).result()
    assert is_free(lock)


def test_a_thread_may_release_what_another_one_took(path: Path) -> None:
    """A garbage collector closes connections in whatever thread it runs."""
    lock = lock_for(path)
    lock.acquire("exclusive")
    with ThreadPoolExecutor(1) as another_thread:
        another_thread.submit(lock.release).result()
    assert is_free(lock)


def test_a_thread_does_not_wait_for_ever_for_one_that_may_wait_for_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_lock, "_THREAD_SECONDS", 0.05)
    lock = lock_for(path)

    def land() -> None:
        with lock.one_thread():
            pass

    with ThreadPoolExecutor(1) as other:
        with lock.one_thread():
            land()  # the thread that has it may take it again
            with pytest.raises(WarehouseBusy, match="Another thread of this process"):
                other.submit(land).result()
        other.submit(land).result()
