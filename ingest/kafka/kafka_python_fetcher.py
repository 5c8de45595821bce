"""Fetching with kafka-python: the default client, nothing but Python."""

from collections.abc import Mapping, Sequence
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError, LogTruncationError, OffsetOutOfRangeError

from ingest.core.settings import Settings
from ingest.kafka.connect import connect, explained
from ingest.kafka.guarded_batch import RoomSpent, UnreadableBatch, begin_poll
from ingest.kafka.log import Records
from ingest.kafka.reader import Unreadable, moved_under_reader

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
    # no checksums, all were equally fast. Decoding is nearly all of the time.
    # A fetch left waiting at the end of one read holds up the first fetch of the next.
    "fetch_max_wait_ms": 10,
    "reconnect_backoff_max_ms": 500,
}


class KafkaPythonFetcher:
    """One consumer, connected when it is first needed and again after a failure."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._consumer: KafkaConsumer | None = None
        self._positions: dict[TopicPartition, int] = {}

    def begin(self, topic: str, positions: Mapping[int, int]) -> None:
        self._positions = {TopicPartition(topic, number): at for number, at in positions.items()}
        consumer = self._connected()
        consumer.assign(list(self._positions))
        for tp, at in self._positions.items():
            consumer.seek(tp, at)

    def poll(self, max_messages: int) -> list[Records]:
        consumer = self._connected()
        begin_poll()
        try:
            polled = consumer.poll(POLL_MS, max_messages)
            # The position also moves over what is not delivered: markers, aborted and compacted records.
            ends = {tp: consumer.position(tp, POLL_MS) for tp in polled or self._positions}
        except OffsetOutOfRangeError as error:
            tp, offset = next(iter(error.args[0].items()))
            raise moved_under_reader(tp.topic, tp.partition, offset) from error
        except LogTruncationError as error:
            tp = next(iter(error.divergent_offsets))
            raise moved_under_reader(tp.topic, tp.partition, self._positions[tp]) from error
        except UnreadableBatch as error:
            raise Unreadable(error.first, error.end, error.reason) from error
        except RoomSpent:
            self._begin_again()
            return []
        except KafkaError as error:
            raise explained(self._settings, error) from error
        moved = {tp: end for tp, end in ends.items() if end > self._positions[tp]}
        stretches = [_stretch(tp, self._positions[tp], end, polled.get(tp, ())) for tp, end in moved.items()]
        self._positions.update(moved)
        return stretches

    def _begin_again(self) -> None:
        """With a consumer that has nothing left of an answer that it could not take apart to its end."""
        self.close()
        topic = next(iter(self._positions)).topic
        self.begin(topic, {tp.partition: at for tp, at in self._positions.items()})

    def finish(self, partition: int) -> None:
        self._positions = {tp: at for tp, at in self._positions.items() if tp.partition != partition}
        self._connected().assign(list(self._positions))

    def close(self) -> None:
        if self._consumer is not None:
            self._consumer.close()
            self._consumer = None

    def _connected(self) -> KafkaConsumer:
        if self._consumer is None:
            self._consumer = connect(self._settings, KafkaConsumer, **CONSUMER)
        return self._consumer


def _stretch(tp: TopicPartition, first: int, end: int, records: Sequence[Any]) -> Records:
    """Columns out of kafka-python's named tuples: zip turns them over in C."""
    if not records:
        return Records(tp.partition, first, end)
    _, _, _, offsets, timestamps, _, keys, values, headers, *_ = map(list, zip(*records, strict=True))
    return Records(tp.partition, first, end, offsets, timestamps, keys, values, headers)
