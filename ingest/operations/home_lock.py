"""One `tickhouse up` in a home at a time: the second is told where the first one is."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from ingest.core.errors import ServiceFailed
from ingest.core.settings import Settings


@contextmanager
def home_taken(settings: Settings, url: str) -> Iterator[None]:
    """Held until the process ends, however it ends; the file says where the UI is."""
    settings.tickhouse_home.mkdir(parents=True, exist_ok=True)
    path = settings.tickhouse_home / "up.lock"
    with path.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ServiceFailed(
                f"Tickhouse is up in {settings.tickhouse_home} already: {path.read_text().strip()}. "
                "Stop it first, or set TICKHOUSE_HOME to another folder."
            ) from None
        lock.truncate(0)
        lock.write(url)
        lock.flush()
        yield
