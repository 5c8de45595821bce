"""Stretches of records as a client fetched them ─▶ chunks of bounded size, cut at each window's end."""

from bisect import bisect_left
from collections.abc import Mapping

from ingest.kafka.log import Records

FETCH_MESSAGES = 1_000
"""Most messages to ask for at once: by so much a chunk may exceed its bytes. From 500 to 10,000 both clients
were equally fast."""

UNKNOWN_MESSAGE_BYTES = 1_024


class Chunks:
    """Where reading stands in every window, and the chunk that is being filled."""

    def __init__(self, windows: Mapping[int, tuple[int, int]], max_messages: int, max_bytes: int) -> None:
        self.positions = {number: first for number, (first, end) in windows.items() if first < end}
        self._ends = {number: end for number, (_, end) in windows.items()}
        self._max_messages = max_messages
        self._max_bytes = max_bytes
        self._filling: dict[int, Records] = {}
        self._messages = self._bytes = 0
        self._message_bytes = UNKNOWN_MESSAGE_BYTES

    @property
    def pending(self) -> dict[int, tuple[int, int]]:
        """What is still to be read, by partition."""
        return {
            number: (at, self._ends[number])
            for number, at in self.positions.items()
            if at < self._ends[number]
        }

    @property
    def is_empty(self) -> bool:
        return not self._filling

    @property
    def is_full(self) -> bool:
        return self._messages >= self._max_messages or self._bytes >= self._max_bytes

    @property
    def room(self) -> int:
        """How many messages to ask for: as many as are left and likely fit."""
        left = sum(end - at for at, end in self.pending.values())
        fitting = (self._max_bytes - self._bytes) // self._message_bytes
        return max(1, min(FETCH_MESSAGES, left, self._max_messages - self._messages, fitting))

    def add(self, stretch: Records) -> bool:
        """Take what a client fetched. True: with this, the partition has been read to its end."""
        number, end = stretch.partition, self._ends[stretch.partition]
        if self.positions[number] == end:
            return False
        _cut(stretch, end)
        chunk = self._filling.setdefault(number, Records(number, stretch.first, stretch.first))
        chunk.end = self.positions[number] = stretch.end
        chunk.offsets += stretch.offsets
        chunk.timestamps_ms += stretch.timestamps_ms
        chunk.keys += stretch.keys
        chunk.values += stretch.values
        chunk.headers += stretch.headers
        self._count(stretch)
        return stretch.end == end

    def take(self) -> list[Records]:
        """The chunk so far; the next one begins."""
        taken = [self._filling[number] for number in sorted(self._filling)]
        self._filling = {}
        self._messages = self._bytes = 0
        return taken

    def _count(self, stretch: Records) -> None:
        size = sum(map(len, filter(None, stretch.keys))) + sum(map(len, filter(None, stretch.values)))
        size += sum([len(value) for headers in stretch.headers for _, value in headers if value])
        self._messages += len(stretch.offsets)
        self._bytes += size
        if stretch.offsets:
            self._message_bytes = max(1, size // len(stretch.offsets))


def _cut(stretch: Records, end: int) -> None:
    """Drop what came along from beyond the end."""
    stretch.end = min(stretch.end, end)
    if stretch.offsets and stretch.offsets[-1] >= end:
        kept = bisect_left(stretch.offsets, end)
        for column in (stretch.offsets, stretch.timestamps_ms, stretch.keys, stretch.values, stretch.headers):
            del column[kept:]
