"""The log, read window by window.

    Fetcher (kafka-python's connections) ─▶ stretches ─▶ Chunks ─▶ the drain

What the brokers say of topics, and why nothing comes, the Cluster knows.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Protocol

from ingest.core.errors import (
    BrokerUnavailable,
    NeedsAttention,
    RecordsUnreadable,
    StaleLanding,
    TickhouseError,
)
from ingest.kafka.chunks import Chunks
from ingest.kafka.cluster import Cluster
from ingest.kafka.log import Records, TopicState

SILENCE_SECONDS = 1.0
"""A client waits for a deleted topic for ever: after this long without progress we ask the broker."""
GIVE_UP_SECONDS = 30.0


class Unreadable(NeedsAttention):
    """What a fetcher cannot take apart, of one of its partitions: offsets [first, end)."""

    def __init__(self, first: int, end: int, reason: str) -> None:
        super().__init__(reason)
        self.first, self.end, self.reason = first, end, reason


class Fetcher(Protocol):
    """A consumer. It knows nothing of chunks or ends."""

    def begin(self, topic: str, positions: Mapping[int, int]) -> None:
        """Fetch these partitions from these offsets on, and nothing else."""
        ...

    def poll(self, max_messages: int) -> list[Records]:
        """What has come: rows, or none where only the position moved. Waits a moment at most."""
        ...

    def finish(self, partition: int) -> None:
        """Fetch no more of this partition."""
        ...

    def close(self) -> None: ...


class LogReader:
    """The KafkaLog: the cluster answers what there is, the fetcher brings it.

    Where it meets what it cannot take apart, it reads the partitions one by one, so that all the others come
    and the one is named.
    """

    def __init__(self, cluster: Cluster, fetcher: Fetcher) -> None:
        self._cluster = cluster
        self._fetcher = fetcher
        self._topic_ids: dict[str, str | None] = {}

    def states(self, topics: Iterable[str]) -> dict[str, TopicState]:
        return self._cluster.states(topics)

    def topic_ids(self, topics: Iterable[str]) -> dict[str, str | None]:
        return self._cluster.topic_ids(topics)

    def offsets_at(self, topic: str, partitions: Iterable[int], at: datetime) -> dict[int, int]:
        return self._cluster.offsets_at(topic, partitions, at)

    def read(
        self, topic: str, windows: Mapping[int, tuple[int, int]], max_messages: int, max_bytes: int
    ) -> Iterator[list[Records]]:
        unread = [windows]
        found: RecordsUnreadable | None = None
        while unread:
            chunks = Chunks(unread.pop(), max_messages, max_bytes)
            try:
                yield from self._read(topic, chunks)
            except Unreadable as error:
                self._fetcher.close()
                if not chunks.is_empty:
                    yield chunks.take()
                pending = chunks.pending
                if len(pending) > 1:
                    unread += [{number: window} for number, window in pending.items()]
                else:
                    found = found or _named(topic, pending, error)
            except TickhouseError:
                self._fetcher.close()  # the next read begins with a consumer that knows nothing
                raise
        if found is not None:
            raise found

    def close(self) -> None:
        self._fetcher.close()
        self._cluster.close()

    def _read(self, topic: str, chunks: Chunks) -> Iterator[list[Records]]:
        if not chunks.pending:
            return
        self._begin(topic, {number: at for number, (at, _) in chunks.pending.items()})
        while chunks.pending:
            self._fill(topic, chunks)
            yield chunks.take()

    def _begin(self, topic: str, positions: Mapping[int, int]) -> None:
        """A consumer that has read a topic never reads its next life: it may hold records of the last one,
        fetched ahead."""
        found = self._cluster.topic_ids([topic])
        if topic not in found:
            raise StaleLanding(f"{topic} does not exist any more.")
        if self._topic_ids.get(topic, found[topic]) != found[topic]:
            self._fetcher.close()
        self._topic_ids.update(found)
        self._fetcher.begin(topic, positions)

    def _fill(self, topic: str, chunks: Chunks) -> None:
        heard = asked = time.monotonic()
        while chunks.pending and not chunks.is_full:
            stretches = self._fetcher.poll(chunks.room)
            for stretch in stretches:
                if chunks.add(stretch):
                    self._fetcher.finish(stretch.partition)
            now = time.monotonic()
            if stretches:
                heard = asked = now
            elif now - asked > SILENCE_SECONDS:
                self._explain_silence(topic, chunks.pending, now - heard)
                asked = time.monotonic()

    def _explain_silence(
        self, topic: str, pending: Mapping[int, tuple[int, int]], silent_seconds: float
    ) -> None:
        """Raises if nothing can come any more; returns if the broker is merely slow."""
        state = self._cluster.states([topic]).get(topic)
        if state is None or state.topic_id != self._topic_ids[topic]:
            raise StaleLanding(f"{topic} was deleted while it was read.")
        for number, (at, end) in pending.items():
            bounds = state.bounds.get(number)
            if bounds is None or end > bounds.end:
                raise moved_under_reader(topic, number, at)
        if silent_seconds > GIVE_UP_SECONDS:
            missing = ", ".join(f"[{number}] {at} to {end}" for number, (at, end) in pending.items())
            raise BrokerUnavailable(
                f"The broker answers, but for {silent_seconds:.0f} s nothing came of {topic}: {missing}. "
                f"Its own log may say why; the next turn tries again."
            )


def _named(topic: str, pending: Mapping[int, tuple[int, int]], error: Unreadable) -> RecordsUnreadable:
    """The error of a read in which one partition was left."""
    ((number, (at, _)),) = pending.items()
    return RecordsUnreadable(topic, number, at, max(error.end, at + 1), error.reason)


def moved_under_reader(topic: str, partition: int | None, offset: int | None) -> StaleLanding:
    return StaleLanding(
        f"{topic}[{partition}] cannot be read on from offset {offset}: "
        f"retention took it, or the topic was deleted or created again."
    )
