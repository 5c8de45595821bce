"""What Tickhouse writes is for its user alone: data, logs, backups, history, settings with secrets."""

import os
from pathlib import Path

OTHERS = 0o077


def keep_private() -> None:
    """From here on, for this process and whatever it starts: files 0600, folders 0700."""
    os.umask(OTHERS)


def close_to_others(path: Path) -> None:
    """What an earlier version left open, or a copy brought along. Somebody else's is left as it is."""
    status = path.lstat()
    if not path.is_symlink() and status.st_uid == os.geteuid() and status.st_mode & OTHERS:
        path.chmod(status.st_mode & 0o700)
