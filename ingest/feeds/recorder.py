"""Writes what a live feed sends as capture files, which RecordingPlayback plays again.

messages ─▶ <folder>/<venue>_<symbol>_<began>.gz      a file per symbol: a snapshot does not name its own
"""

import gzip
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from ingest.core.message import Message
from ingest.feeds.transport.events import TOPIC as EVENTS

FLUSH_SECONDS = 5.0
"""A killed recorder loses no more than that."""


class Recorder:
    """Use it in a `with`: leaving it ends the files properly."""

    def __init__(self, folder: Path, began: datetime, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._began = began
        self._clock = clock
        self._files: dict[tuple[bytes, bytes], gzip.GzipFile] = {}
        self._flushed = clock()

    def __enter__(self) -> "Recorder":
        self._folder.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files.values():
            file.close()

    @property
    def paths(self) -> list[Path]:
        """The files so far."""
        return [self._path(*whose) for whose in self._files]

    def write(self, message: Message) -> bool:
        """Whether it was the venue's: what the feed says of itself is not recorded."""
        if message.topic == EVENTS or message.payload is None:
            return False
        headers = dict(message.headers)
        # A line break in JSON is only ever white space; here it would end the line.
        payload = message.payload.replace(b"\r", b" ").replace(b"\n", b" ")
        self._file(headers["venue"], message.key).write(b"%b %b\n" % (headers["received_at"], payload))
        if self._clock() - self._flushed >= FLUSH_SECONDS:
            self._flush()
        return True

    def _file(self, venue: bytes, symbol: bytes) -> gzip.GzipFile:
        if (venue, symbol) not in self._files:
            self._files[venue, symbol] = gzip.GzipFile(self._path(venue, symbol), "wb", 6)
        return self._files[venue, symbol]

    def _path(self, venue: bytes, symbol: bytes) -> Path:
        name = f"{venue.decode()}_{symbol.decode().lower()}_{self._began:%Y%m%dT%H%M%S}.gz"
        return self._folder / name.replace("/", "-")

    def _flush(self) -> None:
        for file in self._files.values():
            file.flush()
        self._flushed = self._clock()
