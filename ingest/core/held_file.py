"""A file that a living process holds locked: the lock goes with the process, whatever ends it."""

import fcntl
from pathlib import Path


def is_held(path: Path) -> bool:
    """Whether some process holds it. A file that is not there is held by nobody."""
    try:
        with path.open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        pass
    return False
