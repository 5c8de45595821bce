"""Backup and restore: the warehouse with its positions, and a manifest that proves it whole.

backup/
├── warehouse.duckdb
└── manifest.json        checksum, versions, positions
"""

import hashlib
import json
import logging
import shutil
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import duckdb

from ingest.core.errors import NeedsAttention
from ingest.core.settings import Settings
from ingest.operations.runs import looping_runs
from ingest.warehouse.duckdb.file import DuckDbFile
from ingest.warehouse.duckdb.migrate import migrations, schema_version
from ingest.warehouse.duckdb.snapshot import check_room, copy_warehouse
from ingest.warehouse.duckdb.warehouse import read_positions

logger = logging.getLogger(__name__)

FILE, MANIFEST = "warehouse.duckdb", "manifest.json"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds."""

    made_at: str
    tickhouse_version: str
    schema_version: int
    bytes: int
    sha256: str
    next_offsets: dict[str, dict[str, int]]
    """By topic and partition; the drain goes on from here after a restore."""


def backup(settings: Settings, folder: Path | None = None) -> Path:
    """A copy with its manifest, in a folder of its own."""
    now = datetime.now(UTC)
    target = folder or settings.tickhouse_home / "backups" / now.strftime("%Y-%m-%d-%H%M%S")
    if target.exists() and any(target.iterdir()):
        raise NeedsAttention(f"{target} is not empty: name a folder of its own for this backup.")
    copy_warehouse(settings.warehouse_path, target / FILE)
    with duckdb.connect(target / FILE, read_only=True) as connection:
        positions = read_positions(connection)
        schema = schema_version(connection)
    manifest = Manifest(
        now.isoformat(timespec="seconds"),
        version("tickhouse"),
        schema,
        (target / FILE).stat().st_size,
        _sha256(target / FILE),
        {topic: {str(n): at for n, at in known.next_offsets.items()} for topic, known in positions.items()},
    )
    (target / MANIFEST).write_text(json.dumps(asdict(manifest), indent=2))
    return target


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a backup whose file is whole; NeedsAttention if it is not."""
    try:
        manifest = Manifest(**json.loads((folder / MANIFEST).read_text()))
    except (OSError, ValueError, TypeError) as error:
        raise NeedsAttention(f"{folder} is no backup of Tickhouse: {error}.") from error
    if not (folder / FILE).exists() or _sha256(folder / FILE) != manifest.sha256:
        raise NeedsAttention(
            f"{folder / FILE} is not what {MANIFEST} says: it is damaged. Take another backup."
        )
    newest = migrations()[-1][0]
    if manifest.schema_version > newest:
        raise NeedsAttention(
            f"{folder} was made by Tickhouse {manifest.tickhouse_version} with schema "
            f"{manifest.schema_version}, this one knows {newest}. Upgrade first."
        )
    return manifest


def restore(settings: Settings, folder: Path) -> Path | None:
    """Put a backup in the warehouse's place; what was there is kept beside it and its path returned."""
    read_manifest(folder)
    if runs := looping_runs(settings):
        raise NeedsAttention(
            f"A run is at work ({runs[0][:8]}): stop `tickhouse up` (or the sensor and its run) first."
        )
    path = settings.warehouse_path
    incoming = path.with_name(f".{path.name}.restoring")
    path.parent.mkdir(parents=True, exist_ok=True)
    check_room(folder / FILE, incoming)
    shutil.copyfile(folder / FILE, incoming)
    with DuckDbFile(path).lock.hold("exclusive"):
        replaced = _set_aside(path) if path.exists() else None
        incoming.replace(path)
    return replaced


def _set_aside(path: Path) -> Path:
    """A second name for the warehouse that is there, so that at no moment there is none."""
    aside = path.with_name(f"{path.stem}.replaced{path.suffix}")
    log, log_aside = (one.with_name(one.name + ".wal") for one in (path, aside))
    try:
        with DuckDbFile(path).writing() as connection:
            connection.execute("checkpoint")
    except duckdb.Error as error:
        logger.warning("What is there cannot be read (%s); it is set aside as it is.", error)
    for old in (aside, log_aside):
        old.unlink(missing_ok=True)
    try:
        aside.hardlink_to(path)
    except OSError:  # not every file system has links
        shutil.copyfile(path, aside)
    if log.exists():  # it belongs to the old file, and would spoil the new one
        log.rename(log_aside)
    return aside


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
