"""The log, read window by window, whichever client fetches.

    Fetcher (kafka-python | confluent-kafka) ─▶ stretches ─▶ Chunks ─▶ the drain

What the brokers say of topics, and why nothing comes, the Cluster knows.
"""

import gc
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Protocol

from ingest.core.errors import BrokerUnavailable, NeedsAttention, StaleLanding, TickhouseError
from ingest.kafka.chunks import Chunks
from ingest.kafka.cluster import Cluster
from ingest.kafka.log import Records, TopicState

SILENCE_SECONDS = 1.0
"""Both clients wait for a deleted topic for ever: after this long without progress we ask the broker."""
GIVE_UP_SECONDS = 30.0


@contextmanager
def collector_paused() -> Iterator[None]:
    """Records hold no cycles, yet Python's collector walks them over and over: of 20 CPU-s a million
    messages of 200 bytes with 4 headers, it took 5 to 7."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


class Fetcher(Protocol):
    """A consumer of one of the clients. It knows nothing of chunks or ends."""

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
    """The KafkaLog: the cluster answers what there is, the fetcher brings it."""

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
        chunks = Chunks(windows, max_messages, max_bytes)
        if not chunks.pending:
            return
        try:
            self._begin(topic, chunks.positions)
            while chunks.pending:
                self._fill(topic, chunks)
                yield chunks.take()
        except TickhouseError:
            self._fetcher.close()  # the next read begins with a consumer that knows nothing
            raise

    def close(self) -> None:
        self._fetcher.close()
        self._cluster.close()

    def _begin(self, topic: str, positions: Mapping[int, int]) -> None:
        """A consumer that has read a topic never reads its next life: librdkafka would wait for ever for
        the old leader's epoch, and either may hold records that it fetched ahead."""
        found = self._cluster.topic_ids([topic])
        if topic not in found:
            raise StaleLanding(f"{topic} does not exist any more.")
        if self._topic_ids.get(topic, found[topic]) != found[topic]:
            self._fetcher.close()
        self._topic_ids.update(found)
        self._fetcher.begin(topic, positions)

    @collector_paused()
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


def undecodable(topic: str, positions: Mapping[int, int], reason: object) -> NeedsAttention:
    at = " or ".join(f"[{number}] from offset {offset}" for number, offset in positions.items())
    return NeedsAttention(
        f"{topic} {at} holds a record that no client can decode ({reason}). Move the log's start past it "
        f"(kafka-delete-records): the drain then goes on and writes down what was lost."
    )


def moved_under_reader(topic: str, partition: int | None, offset: int | None) -> StaleLanding:
    return StaleLanding(
        f"{topic}[{partition}] cannot be read on from offset {offset}: "
        f"retention took it, or the topic was deleted or created again."
    )
