"""Stretches of records as a client fetched them ─▶ chunks of bounded size, cut at each window's end."""

from collections.abc import Mapping

import pyarrow as pa

from ingest.kafka.columns import byte_count, first_at
from ingest.kafka.log import Records

FETCH_MESSAGES = 1_000
"""Most messages to ask for at once: by so much a chunk may exceed its bytes."""

UNKNOWN_MESSAGE_BYTES = 1_024


class Chunks:
    """Where reading stands in every window, and the chunk that is being filled."""

    def __init__(self, windows: Mapping[int, tuple[int, int]], max_messages: int, max_bytes: int) -> None:
        self.positions = {number: first for number, (first, end) in windows.items() if first < end}
        self._ends = {number: end for number, (_, end) in windows.items()}
        self._max_messages = max_messages
        self._max_bytes = max_bytes
        self._message_bytes = UNKNOWN_MESSAGE_BYTES
        self._begin()

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
        self._rows.setdefault(number, []).append(stretch.rows)
        self._count(stretch.rows)
        return stretch.end == end

    def take(self) -> list[Records]:
        """The chunk so far; the next one begins."""
        taken = [self._filling[number] for number in sorted(self._filling)]
        for records in taken:
            records.rows = pa.concat_batches(self._rows[records.partition])
        self._begin()
        return taken

    def _begin(self) -> None:
        self._filling: dict[int, Records] = {}
        self._rows: dict[int, list[pa.RecordBatch]] = {}
        self._messages = self._bytes = 0

    def _count(self, rows: pa.RecordBatch) -> None:
        size = byte_count(rows)
        self._messages += rows.num_rows
        self._bytes += size
        if rows.num_rows:
            self._message_bytes = max(1, size // rows.num_rows)


def _cut(stretch: Records, end: int) -> None:
    """Drop what came along from beyond the end."""
    stretch.end = min(stretch.end, end)
    stretch.rows = stretch.rows.slice(0, first_at(stretch.rows, end))
