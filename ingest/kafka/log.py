"""The reading side of Kafka: what a log holds, and its records in columns.

bounds ─▶ windows ─▶ read ─▶ chunks of Records ─▶ (the drain)
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import pyarrow as pa

from ingest.core.window import Bounds
from ingest.kafka.columns import no_rows


@dataclass(frozen=True, slots=True)
class TopicState:
    """One topic as the broker has it now."""

    topic: str
    topic_id: str | None
    """None: the broker does not say."""
    bounds: Mapping[int, Bounds]
    """By partition number; the end is the last stable offset, as read_committed sees it."""


@dataclass(slots=True)
class Records:
    """One partition's records in columns, as they came: everything in [first, end)."""

    partition: int
    first: int
    """Where reading began."""
    end: int
    """Where to read on: past the last record, and past the absent offsets and markers behind it."""
    rows: pa.RecordBatch = field(default_factory=no_rows)
    """In the shape of COLUMNS."""


class KafkaLog(Protocol):
    """What Tickhouse asks of a Kafka client. Not for use by several threads at once."""

    def states(self, topics: Iterable[str]) -> dict[str, TopicState]:
        """The topics as they are now; topics that do not exist are left out."""
        ...

    def topic_ids(self, topics: Iterable[str]) -> dict[str, str | None]:
        """The id of each topic that exists: another id is another life of the topic."""
        ...

    def offsets_at(self, topic: str, partitions: Iterable[int], at: datetime) -> dict[int, int]:
        """The first offset whose message is at or after `at`; the partition's end if there is none."""
        ...

    def read(
        self, topic: str, windows: Mapping[int, tuple[int, int]], max_messages: int, max_bytes: int
    ) -> Iterator[list[Records]]:
        """Each partition's [first, end) in chunks of bounded size.

        A chunk covers a contiguous stretch of every partition it names. It is over when the position
        reaches every end: the last record never will where transaction markers, aborted transactions
        or compaction leave absent offsets. A stretch of them only comes as Records without rows.
        """
        ...

    def close(self) -> None:
        """Let go of the broker. Closing twice is fine."""
        ...
