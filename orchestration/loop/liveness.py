"""Which looping runs are alive, whatever their records say.

A run holds a lock on a file of its own for as long as its process lives; the kernel lets go when it dies,
also after kill -9 or a power cut, while its record still says STARTED.
"""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ingest.settings import load_settings

# A run that was requested but has not come so far as to take its lock.
STARTING_SECONDS = 120.0


def _folder() -> Path:
    folder = load_settings().tickhouse_home / "runs"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def sign_of_life(run_id: str) -> Iterator[None]:
    """Held by a run while it loops."""
    path = _folder() / run_id
    unseen = path.with_suffix(".new")
    with unseen.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        unseen.rename(path)  # nobody can find it unlocked
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def is_alive(run_id: str, requested_at: float) -> bool:
    """Whether the run's process lives, or may still be starting."""
    path = _folder() / run_id
    if not path.exists():
        return time.time() - requested_at < STARTING_SECONDS
    with path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    path.unlink(missing_ok=True)
    return False

