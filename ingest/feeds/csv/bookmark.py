"""How far a replay of a file has come, kept from one command to the next.

Written when everything before it is in Kafka: after a crash the rows since then come once more, and are
known by their time.
"""

import hashlib
import json
from pathlib import Path

from ingest.core.errors import InputInvalid


class Bookmark:
    """One file's, for one destination."""

    def __init__(self, folder: Path, file: Path, topic: str, symbol: str) -> None:
        self._file = file.resolve()
        name = hashlib.sha256(f"{self._file}\n{topic}\n{symbol}".encode()).hexdigest()[:12]
        self._path = folder / f"{file.stem}-{name}.json"

    def read(self) -> int:
        """Where to go on; 0 if nothing was played yet."""
        if not self._path.exists():
            return 0
        kept = json.loads(self._path.read_text())
        if kept["position"] > self._file.stat().st_size:
            raise InputInvalid(
                f"{self._file} is shorter than where its replay stopped (byte {kept['position']}): it is "
                f"another file now. Play it from its beginning, without --resume."
            )
        return kept["position"]

    def write(self, position: int) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        beside = self._path.with_suffix(".new")
        beside.write_text(json.dumps({"file": str(self._file), "position": position}))
        beside.replace(self._path)
