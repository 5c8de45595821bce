"""What is published, kept account of: every acknowledged message with its coordinates."""

import itertools
import os
from collections import defaultdict
from collections.abc import Iterable
from typing import Literal, NamedTuple

import duckdb
from confluent_kafka import Message as Delivered
from confluent_kafka import Producer

from ingest.core.settings import Settings
from ingest.core.topics import TOPICS
from ingest.kafka.connection import confluent_options
from tests.support.other_side import LARGEST_MESSAGE, OtherSide, Sent

NUMBERS = itertools.count(1)


class Coordinates(NamedTuple):
    """Where one message lies."""

    topic: str
    life: int
    partition: int
    offset: int


class Ledger:
    """Whoever publishes. `published` is what must be found in raw, exactly once each."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.published: dict[Coordinates, bytes | None] = {}
        self.lives: defaultdict[str, int] = defaultdict(lambda: 1)

    def publish(self, topic: str, messages: Iterable[Sent], partition: int = 0) -> None:
        self._send(self._producer(), topic, messages, partition)

    def publish_in_transaction(
        self, topic: str, messages: Iterable[Sent], ending: Literal["commit", "abort"]
    ) -> None:
        """They take offsets, and so does the marker at the end; aborted ones are never to be seen."""
        producer = self._producer(**{"transactional.id": f"ledger-{os.getpid()}-{next(NUMBERS)}"})
        producer.init_transactions()
        producer.begin_transaction()
        before = dict(self.published)
        self._send(producer, topic, messages, 0)
        if ending == "commit":
            producer.commit_transaction()
        else:
            producer.abort_transaction()
            self.published = before

    def recreate(self, other_side: OtherSide, topic: str, partitions: int = 2) -> None:
        """The topic is deleted and made again: its next life."""
        other_side.delete_topic(topic)
        other_side.create_topic(topic, partitions)
        self.lives[topic] += 1

    def forget(self, topic: str, partition: int, first: int, end: int) -> None:
        """These can no longer be expected: Kafka lost them before they were landed."""
        for offset in range(first, end):
            self.published.pop(Coordinates(topic, self.lives[topic], partition, offset), None)

    def _producer(self, **options: object) -> Producer:
        sizes = {"linger.ms": 5, "message.max.bytes": LARGEST_MESSAGE}
        return Producer({**confluent_options(self._settings), **sizes, **options})

    def _send(self, producer: Producer, topic: str, messages: Iterable[Sent], partition: int) -> None:
        def note(error: object, delivered: Delivered) -> None:
            assert error is None, error
            at = Coordinates(topic, self.lives[topic], partition, delivered.offset() or 0)
            assert at not in self.published, at
            self.published[at] = delivered.value()

        for message in messages:
            producer.produce(
                topic,
                message.value,
                message.key,
                partition,
                headers=list(message.headers),
                timestamp=message.timestamp_ms or 0,
                on_delivery=note,
            )
        assert producer.flush(30) == 0


def landed(connection: duckdb.DuckDBPyConnection) -> dict[Coordinates, bytes | None]:
    """What lies in raw, message by message; none may lie there twice."""
    found: dict[Coordinates, bytes | None] = {}
    for topic in TOPICS:
        rows = connection.execute(
            f"""select kafka_topic, topic_life, kafka_partition, kafka_offset,
                coalesce(encode(payload), payload_bytes) from raw.{topic.raw_table}"""
        ).fetchall()
        for *at, payload in rows:
            coordinates = Coordinates(*at)
            assert coordinates not in found, f"{coordinates} lies in raw twice"
            found[coordinates] = payload
    return found
