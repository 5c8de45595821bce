"""Fetching with kafka-python: it talks to the brokers, and brings their batches as they keep them."""

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError, LogTruncationError, OffsetOutOfRangeError

from ingest.core.settings import Settings
from ingest.kafka.columns import first_at
from ingest.kafka.connect import connect, explained
from ingest.kafka.guarded_batch import GuardedBatch, NotPlain, OldRecord, UnreadableBatch, batch_in
from ingest.kafka.log import Records
from ingest.kafka.reader import Unreadable, moved_under_reader
from ingest.kafka.take_apart import one_by_one, take_apart

POLL_MS = 20
"""poll() returns early for records only: where nothing but transaction markers come, it waits this long."""

CONSUMER: dict[str, Any] = {
    "group_id": None,
    "enable_auto_commit": False,
    "auto_offset_reset": "none",
    "isolation_level": "read_committed",
    "allow_auto_create_topics": False,
    "metrics_enabled": False,
    # Fetch sizes, socket buffer and checksums are the defaults: 256 KB to 4 MB a partition, a buffer of 1 MB,
    # no checksums, all were equally fast.
    # A fetch left waiting at the end of one read holds up the first fetch of the next.
    "fetch_max_wait_ms": 10,
    "reconnect_backoff_max_ms": 500,
}


BATCHES_AT_ONCE = 256
"""Asked for at once: so many, that batches of one record do not cost a poll each."""
ROWS_AT_ONCE = 10_000
BYTES_AT_ONCE = 4 * 2**20
"""Taken apart together until they hold so much: one batch at least, and one may unpack to 32 MiB."""


class KafkaPythonFetcher:
    """One consumer, connected when it is first needed and again after a failure.

    consumer ─▶ batches, still packed ─▶ some of them taken apart ─▶ as many rows as there is room for
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._consumer: KafkaConsumer | None = None
        self._positions: dict[TopicPartition, int] = {}
        self._forget()

    def begin(self, topic: str, positions: Mapping[int, int]) -> None:
        self._forget()
        self._positions = {TopicPartition(topic, number): at for number, at in positions.items()}
        consumer = self._connected()
        consumer.assign(list(self._positions))
        for tp, at in self._positions.items():
            consumer.seek(tp, at)

    def poll(self, max_messages: int) -> list[Records]:
        if self._rest is None and self._trouble is not None:
            raise _unreadable(self._trouble)
        if self._rest is None and not self._packed:
            return self._fetch()
        tp, stretch = self._rest or self._take_apart()
        self._rest = None
        if stretch.end == stretch.first:
            return []
        if stretch.rows.num_rows > max_messages:
            stretch, rest = _split(stretch, max_messages)
            self._rest = tp, rest
        self._positions[tp] = stretch.end
        return [stretch]

    def finish(self, partition: int) -> None:
        self._positions = {tp: at for tp, at in self._positions.items() if tp.partition != partition}
        self._packed = deque(each for each in self._packed if each[0].partition != partition)
        if self._taken_from == partition:
            self._rest = self._trouble = None
        self._connected().assign(list(self._positions))

    def close(self) -> None:
        self._forget()
        if self._consumer is not None:
            self._consumer.close()
            self._consumer = None

    def _forget(self) -> None:
        self._packed: deque[tuple[TopicPartition, GuardedBatch | OldRecord]] = deque()
        self._taken_from: int | None = None
        """The partition that both of these are of."""
        self._rest: tuple[TopicPartition, Records] | None = None
        """What there was no room for."""
        self._trouble: UnreadableBatch | None = None
        """Why nothing comes behind the rest."""

    def _connected(self) -> KafkaConsumer:
        if self._consumer is None:
            self._consumer = connect(self._settings, KafkaConsumer, **CONSUMER)
        return self._consumer

    def _fetch(self) -> list[Records]:
        """Batches; where none come, how far the position moved over what is not delivered (markers, aborted
        and compacted records)."""
        consumer = self._connected()
        try:
            polled = consumer.poll(POLL_MS, BATCHES_AT_ONCE)
            ends = {} if polled else {tp: consumer.position(tp, POLL_MS) for tp in self._positions}
        except OffsetOutOfRangeError as error:
            tp, offset = next(iter(error.args[0].items()))
            raise moved_under_reader(tp.topic, tp.partition, offset) from error
        except LogTruncationError as error:
            tp = next(iter(error.divergent_offsets))
            raise moved_under_reader(tp.topic, tp.partition, self._positions[tp]) from error
        except UnreadableBatch as error:
            raise _unreadable(error) from error
        except KafkaError as error:
            raise explained(self._settings, error) from error
        self._packed.extend((tp, batch_in(record)) for tp, records in polled.items() for record in records)
        moved = {tp: end for tp, end in ends.items() if end > self._positions[tp]}
        absent = [Records(tp.partition, self._positions[tp], end) for tp, end in moved.items()]
        self._positions.update(moved)
        return absent

    def _take_apart(self) -> tuple[TopicPartition, Records]:
        """The next batches of one partition: all at once, or one by one up to what cannot be read."""
        tp = self._packed[0][0]
        batches: list[GuardedBatch | OldRecord] = []
        try:
            batches.extend(self._next_batches(tp))
            rows = take_apart(batches)
            end = batches[-1].next_offset
        except (NotPlain, UnreadableBatch):
            rows, end, self._trouble = one_by_one(batches)
        self._taken_from = tp.partition
        first = self._positions[tp]
        return tp, Records(tp.partition, first, max(first, end), rows.slice(first_at(rows, first)))

    def _next_batches(self, tp: TopicPartition) -> Iterator[GuardedBatch | OldRecord]:
        count = size = 0
        while self._packed and self._packed[0][0] == tp and count < ROWS_AT_ONCE and size < BYTES_AT_ONCE:
            _, batch = self._packed.popleft()
            yield batch  # before it is unpacked: whoever takes it meets what is wrong with it again
            count += batch.records_count
            size += len(batch.unpacked())


def _split(stretch: Records, count: int) -> tuple[Records, Records]:
    """The first rows, and the rest with what is absent behind them."""
    middle = stretch.rows.column("offset")[count].as_py()
    return (
        Records(stretch.partition, stretch.first, middle, stretch.rows.slice(0, count)),
        Records(stretch.partition, middle, stretch.end, stretch.rows.slice(count)),
    )


def _unreadable(error: UnreadableBatch) -> Unreadable:
    return Unreadable(error.first, error.end, error.reason)
