"""One `tickhouse up` in a home at a time: the second is told where the first one is, and `down` finds it."""

import fcntl
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from ingest.core.errors import ServiceFailed
from ingest.core.held_file import is_held
from ingest.core.settings import Settings
from ingest.operations.home import make_home

STOP_SECONDS = 120
LOOK_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Instance:
    """A `tickhouse up` that runs."""

    url: str
    pid: int


@contextmanager
def home_taken(settings: Settings, url: str) -> Iterator[None]:
    """Held until the process ends, however it ends; the file says where the UI is, and who holds it."""
    make_home(settings.tickhouse_home)
    with _lock_file(settings).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _taken(settings) from None
        lock.truncate(0)
        lock.write(f"{url}\n{os.getpid()}\n")
        lock.flush()
        yield


def who_is_up(settings: Settings) -> Instance | None:
    """The `tickhouse up` of this home, if one runs."""
    path = _lock_file(settings)
    if not is_held(path):
        return None
    url, _, pid = path.read_text().strip().partition("\n")
    # Between the lock and the words in it lies a moment.
    return Instance(url, int(pid)) if pid.isdigit() else None


def require_down(settings: Settings) -> None:
    """ServiceFailed with the address of the one that is up, if there is one."""
    if who_is_up(settings):
        raise _taken(settings)


def stop_up(settings: Settings, instance: Instance) -> None:
    """End it as Ctrl-C does, and wait until all of it has stopped."""
    with suppress(ProcessLookupError):
        os.kill(instance.pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while is_held(_lock_file(settings)):
        if time.monotonic() > deadline:
            raise ServiceFailed(
                f"`tickhouse up` (pid {instance.pid}) is still stopping after {STOP_SECONDS} s. "
                "`tickhouse logs` shows what its parts say."
            )
        time.sleep(LOOK_SECONDS)


def _taken(settings: Settings) -> ServiceFailed:
    up = who_is_up(settings)
    where = f"{up.url} (pid {up.pid})" if up else "it is just starting"
    return ServiceFailed(
        f"Tickhouse is up in {settings.tickhouse_home} already: {where}. "
        "Stop it first with `tickhouse down`, or choose another folder with --home."
    )


def _lock_file(settings: Settings) -> Path:
    return settings.tickhouse_home / "up.lock"
