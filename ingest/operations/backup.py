"""Backup and restore: the warehouse with its positions, and a manifest that proves it whole.

backup/
├── warehouse.duckdb
└── manifest.json        checksum, versions, positions
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from ingest.core.errors import NeedsAttention
from ingest.core.settings import Settings
from ingest.operations.runs import looping_runs
from ingest.warehouse.engine import copies_of

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
    copies = copies_of(settings)
    now = datetime.now(UTC)
    target = folder or settings.tickhouse_home / "backups" / now.strftime("%Y-%m-%d-%H%M%S")
    if target.exists() and any(target.iterdir()):
        raise NeedsAttention(f"{target} is not empty: name a folder of its own for this backup.")
    copies.make(settings, target / FILE)
    found = copies.look_into(target / FILE)
    manifest = Manifest(
        now.isoformat(timespec="seconds"),
        version("tickhouse"),
        found.schema_version,
        (target / FILE).stat().st_size,
        _sha256(target / FILE),
        {
            topic: {str(n): at for n, at in known.next_offsets.items()}
            for topic, known in found.positions.items()
        },
    )
    (target / MANIFEST).write_text(json.dumps(asdict(manifest), indent=2))
    return target


def read_manifest(settings: Settings, folder: Path) -> Manifest:
    """The manifest of a backup whose file is whole; NeedsAttention if it is not."""
    try:
        manifest = Manifest(**json.loads((folder / MANIFEST).read_text()))
    except (OSError, ValueError, TypeError) as error:
        raise NeedsAttention(f"{folder} is no backup of Tickhouse: {error}.") from error
    if not (folder / FILE).exists() or _sha256(folder / FILE) != manifest.sha256:
        raise NeedsAttention(
            f"{folder / FILE} is not what {MANIFEST} says: it is damaged. Take another backup."
        )
    newest = copies_of(settings).newest_schema
    if manifest.schema_version > newest:
        raise NeedsAttention(
            f"{folder} was made by Tickhouse {manifest.tickhouse_version} with schema "
            f"{manifest.schema_version}, this one knows {newest}. Upgrade first."
        )
    return manifest


def restore(settings: Settings, folder: Path) -> Path | None:
    """Put a backup in the warehouse's place; what was there is kept beside it and its path returned."""
    copies = copies_of(settings)
    read_manifest(settings, folder)
    if runs := looping_runs(settings):
        raise NeedsAttention(
            f"A run is at work ({runs[0][:8]}): stop `tickhouse up` (or the sensor and its run) first."
        )
    return copies.put_back(settings, folder / FILE)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
