"""Whoever else uses the broker: makes and removes topics, writes to them, takes messages away."""

import itertools
import logging
import os
import time
from collections.abc import Iterable
from typing import Any, NamedTuple

from confluent_kafka import Producer
from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType

from ingest.core.settings import Settings
from ingest.kafka.connect import connect
from ingest.kafka.connection import confluent_options

NUMBERS = itertools.count(1)
LARGEST_MESSAGE = 8 * 2**20

log = logging.getLogger(__name__)


class Sent(NamedTuple):
    """A message as somebody sends it."""

    value: bytes | None = b"x"
    key: bytes | None = None
    headers: tuple[tuple[str, bytes | None], ...] = ()
    timestamp_ms: int | None = None


def numbered(count: int, size: int = 20) -> list[Sent]:
    """Messages that can be told apart."""
    return [Sent(f"{number}".encode().ljust(size)) for number in range(count)]


class OtherSide:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._admin: Any = connect(settings, KafkaAdminClient)

    def close(self) -> None:
        self._admin.close()

    def create_topic(self, name: str | None = None, partitions: int = 1, **configs: object) -> str:
        """`min_insync_replicas=1` sets min.insync.replicas."""
        name = name or f"test.{os.getpid()}.other.{next(NUMBERS)}"
        dotted = {key.replace("_", "."): str(value) for key, value in configs.items()}
        self._admin.create_topics(
            {name: {"num_partitions": partitions, "configs": dotted}}, wait_for_metadata=True
        )
        return name

    def delete_topic(self, name: str) -> None:
        self._admin.delete_topics([name])
        while any(topic["error_code"] == 0 for topic in self._admin.describe_topics([name])):
            pass

    def add_partitions(self, name: str, total: int) -> None:
        self._admin.create_partitions({name: total})

    def delete_records(self, name: str, partition: int, before: int) -> None:
        self._admin.delete_records({TopicPartition(name, partition): before})

    def compact(self, name: str) -> None:
        """Make the cleaner look every moment instead of every 15 s, and wait until it has taken something."""
        backoff = {"log.cleaner.backoff.ms": "50"}
        before = self._size(name)
        self._admin.alter_configs([ConfigResource(ConfigResourceType.BROKER, "1", backoff)])
        while self._size(name) == before:
            time.sleep(0.02)
        self._admin.reset_configs([ConfigResource(ConfigResourceType.BROKER, "1", backoff)])

    def _size(self, name: str) -> int:
        (broker,) = self._admin.describe_log_dirs({name: [0]})
        return broker["log_dirs"][0]["topics"][0]["partitions"][0]["partition_size"]

    def publish(self, topic: str, messages: Iterable[Sent], partition: int = 0, **options: object) -> None:
        """`batch_size=4_000_000` sets batch.size."""
        producer = self._producer(**options)
        _send(producer, topic, messages, partition)

    def publish_in_transaction(
        self, topic: str, messages: Iterable[Sent], partition: int = 0, *, commit: bool
    ) -> None:
        producer = self.open_transaction(topic, messages, partition)
        if commit:
            producer.commit_transaction()
        else:
            producer.abort_transaction()

    def open_transaction(self, topic: str, messages: Iterable[Sent], partition: int = 0) -> Producer:
        """A producer with these messages written and not yet committed."""
        producer = self._producer(transactional_id=f"other-{os.getpid()}-{next(NUMBERS)}")
        producer.init_transactions()
        producer.begin_transaction()
        _send(producer, topic, messages, partition)
        return producer

    def _producer(self, **options: object) -> Producer:
        dotted = {key.replace("_", "."): value for key, value in options.items()}
        sizes = {"message.max.bytes": LARGEST_MESSAGE, "linger.ms": 5}
        return Producer({**confluent_options(self._settings), **sizes, **dotted}, logger=log)


def _send(producer: Producer, topic: str, messages: Iterable[Sent], partition: int) -> None:
    for message in messages:
        producer.produce(
            topic,
            message.value,
            message.key,
            partition,
            headers=list(message.headers),
            timestamp=message.timestamp_ms or 0,
        )
    assert producer.flush(30) == 0
