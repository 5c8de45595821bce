"""The looping runs as the system knows them, whatever their records in Dagster say.

A run holds a lock on a file of its own for as long as its process lives; the kernel lets go when it dies,
also after kill -9 or a power cut, while its record still says STARTED.
"""

import fcntl
import os
import time
from pathlib import Path

from ingest.core.held_file import is_held
from ingest.core.settings import Settings

LEASE = "micro_batch"
"""The lease that says which run loops."""
# A run that was requested but has not come so far as to take its lock.
STARTING_SECONDS = 120.0
SINCE = "since.new"


def _folder(settings: Settings) -> Path:
    folder = settings.tickhouse_home / "runs"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def show_alive(settings: Settings, run_id: str) -> None:
    """From here on this process is that run, until the process ends."""
    path = _folder(settings) / run_id
    unseen = path.with_suffix(".new")
    # Never closed: the record of a run is not yet final when its loop has ended.
    fcntl.flock(os.open(unseen, os.O_WRONLY | os.O_CREAT), fcntl.LOCK_EX)
    unseen.rename(path)  # nobody can find it unlocked
    _forget_ended(settings)


def is_alive(settings: Settings, run_id: str, requested_at: float) -> bool:
    """Whether the run's process lives, or may still be starting. The clock may have been set back."""
    path = _folder(settings) / run_id
    if path.exists():
        return is_held(path)
    now = time.time()
    since = _folder(settings) / SINCE
    if since.exists() and requested_at < since.stat().st_mtime <= now:
        return False
    return abs(now - requested_at) < STARTING_SECONDS


def forget_starting(settings: Settings) -> None:
    """Whatever was starting until now is gone: Dagster itself begins anew."""
    since, now = _folder(settings) / SINCE, time.time()
    since.touch()
    os.utime(since, (now, now))  # the kernel's own stamp is some milliseconds old


def looping_runs(settings: Settings) -> list[str]:
    """The ids of the runs whose processes live."""
    return [sign.name for sign in _signs(settings) if is_held(sign)]


def end_looping(settings: Settings, patience_seconds: float) -> bool:
    """Ask the run that loops to end after its turn; whether all have ended in time."""
    deadline = time.monotonic() + patience_seconds
    while running := looping_runs(settings):
        if time.monotonic() > deadline:
            return False
        for run_id in running:
            _end_sign(settings, run_id).touch()
        time.sleep(0.2)
    return True


def is_asked_to_end(settings: Settings, run_id: str) -> bool:
    """Without a question to the warehouse: it may be held, and each one may cost."""
    return _end_sign(settings, run_id).exists()


def _end_sign(settings: Settings, run_id: str) -> Path:
    return _folder(settings) / f"{run_id}.end.new"


def _signs(settings: Settings) -> list[Path]:
    return [path for path in _folder(settings).iterdir() if path.suffix != ".new"]


def _forget_ended(settings: Settings) -> None:
    for sign in _signs(settings):
        if not is_held(sign):
            sign.unlink(missing_ok=True)
            _end_sign(settings, sign.name).unlink(missing_ok=True)
