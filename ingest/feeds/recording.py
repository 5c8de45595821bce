"""Capture files: what a venue sent, as it came. Plain, or gz.

1723161254087896568 {"stream":"btcusdt@trade","data":{...}}
received_ns         the venue's own bytes
"""

import gzip
import logging
from collections.abc import Iterator
from pathlib import Path

from ingest.core.errors import InputInvalid
from ingest.core.message import Message
from ingest.feeds.frame import Address, Frame
from ingest.feeds.pacing import at_recorded_times

log = logging.getLogger(__name__)

GZIP_MAGIC = b"\x1f\x8b"


class RecordingPlayback:
    """A Source: a recording, with its pauses (`speed` 1), with shorter ones, or with none (None)."""

    def __init__(self, path: Path, address: Address, speed: float | None) -> None:
        self._path = path
        self._address = address
        self._speed = speed
        self.unaddressed = 0
        """Frames so far that belong to no topic, such as a venue's answers to subscriptions."""

    def messages(self) -> Iterator[Message]:
        for frame in at_recorded_times(read_frames(self._path), lambda frame: frame.received_ns, self._speed):
            message = self._address(frame)
            if message is None:
                self.unaddressed += 1
            else:
                yield message


def read_frames(path: Path) -> Iterator[Frame]:
    """Every frame of a capture file; of one that a crash cut off, those that are whole."""
    try:
        with path.open("rb") as file:
            is_gzip = file.read(2) == GZIP_MAGIC
        with gzip.open(path) if is_gzip else path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                yield _frame(path, number, line)
    except EOFError:
        log.warning("%s ends in the middle: its recorder was killed. What is whole was read.", path)
    except gzip.BadGzipFile as error:
        raise InputInvalid(f"{path} is damaged: {error}.") from error
    except OSError as error:
        raise InputInvalid(f"Cannot read {path}: {error.strerror or error}.") from error


def _frame(path: Path, number: int, line: bytes) -> Frame:
    received, _, payload = line.rstrip(b"\r\n").partition(b" ")
    if not received.isdigit() or not payload:
        raise InputInvalid(
            f"Line {number} of {path} is not `<received_ns> <json>`: {line[:60]!r}. "
            f"The lines before it were published."
        )
    return Frame(int(received), payload)
