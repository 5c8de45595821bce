"""Where the generated things live: room, locks, names, and whether `.env` still leads here."""

import fcntl
import shutil
import tempfile
from pathlib import Path

from dotenv import dotenv_values

from ingest.core.settings import PROJECT_ROOT, Settings
from ingest.services.doctor.finding import Finding

ENV_FILE = PROJECT_ROOT / ".env"
LEAST_FREE_GB, GOOD_FREE_GB = 1, 10
NETWORK_FILE_SYSTEMS = {
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "afpfs",
    "webdav",
    "fuse.sshfs",
    "9p",
    "drvfs",
}
# Tried, with spaces, accents, quotes and commas too, which do no harm: "?" and "%20" stop DuckDB or SQLite,
# "#" stops dbt, ":" separates folders in PATH.
UNFIT_LETTERS = "?%#:"


def disk(settings: Settings) -> Finding:
    gigabytes = shutil.disk_usage(_existing(settings.tickhouse_home)).free / 1e9
    seen = f"{gigabytes:.1f} GB free for {settings.tickhouse_home}"
    if gigabytes >= GOOD_FREE_GB:
        return Finding("ok", "disk", seen)
    level = "warn" if gigabytes >= LEAST_FREE_GB else "fail"
    return Finding(level, "disk", seen, "Free some space, or set TICKHOUSE_HOME to a folder on another disk.")


def file_system(settings: Settings) -> Finding:
    """One writer at a time is kept by file locks: they must hold where the warehouse lies."""
    folder = _existing(settings.tickhouse_home)
    kind = _file_system_of(folder)
    advice = "Set TICKHOUSE_HOME to a folder on a disk of this machine (on WSL2: one in the Linux home)."
    try:
        locks_hold = _locks_hold(folder)
    except OSError as error:
        return Finding("fail", "file system", f"cannot write to {folder}: {error.strerror}", advice)
    if not locks_hold:
        return Finding("fail", "file system", f"file locks do not hold on {kind}", advice)
    if kind in NETWORK_FILE_SYSTEMS:
        return Finding(
            "warn", "file system", f"{kind} is slow, and its locks are not to be relied on", advice
        )
    return Finding("ok", "file system", f"{kind}, locks hold")


def path_names(settings: Settings) -> Finding:
    for folder in (PROJECT_ROOT, settings.tickhouse_home):
        unfit = [letter for letter in UNFIT_LETTERS if letter in str(folder)]
        if unfit:
            advice = f"Rename the folder: no {' '.join(UNFIT_LETTERS)} in its path (spaces are fine)."
            return Finding("fail", "path names", f"{' '.join(unfit)} in {folder}", advice)
    return Finding("ok", "path names", "nothing in them that a tool trips over")


def dagster_home(settings: Settings) -> Finding:
    """Plain `dagster dev` reads DAGSTER_HOME from `.env`: a moved checkout leaves an old one there."""
    advice = "Run `make install`: it writes the right one into .env."
    noted = dotenv_values(ENV_FILE).get("DAGSTER_HOME") if ENV_FILE.exists() else None
    if noted is None:
        return Finding("warn", "DAGSTER_HOME", "not in .env: `dagster dev` would forget its history", advice)
    if Path(noted) != settings.dagster_home:
        return Finding("warn", "DAGSTER_HOME", f".env says {noted}, not {settings.dagster_home}", advice)
    return Finding("ok", "DAGSTER_HOME", noted)


def _existing(folder: Path) -> Path:
    """The folder, or what of its path is there already."""
    return next(path for path in (folder, *folder.parents) if path.exists())


def _file_system_of(folder: Path) -> str:
    import psutil

    real = folder.resolve()
    mounts = [disk for disk in psutil.disk_partitions(all=True) if real.is_relative_to(disk.mountpoint)]
    return max(mounts, key=lambda disk: len(disk.mountpoint)).fstype if mounts else "unknown"


def _locks_hold(folder: Path) -> bool:
    with tempfile.NamedTemporaryFile(dir=folder) as first, Path(first.name).open() as second:
        fcntl.flock(first, fcntl.LOCK_EX)
        try:
            fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False
