"""Waits until something has come: the broker answers then, nobody has to ask again and again.

positions ─▶ a fetch that the broker keeps until a partition holds more ─▶ the drain reads it
"""

import time
from collections.abc import Mapping
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from ingest.core.errors import TickhouseError
from ingest.core.settings import Settings
from ingest.kafka import kafka_python_fetcher
from ingest.kafka.connect import connect

CONSUMER: dict[str, Any] = {
    **kafka_python_fetcher.CONSUMER,
    # A sign is enough: of each answer one batch at most.
    "fetch_max_bytes": 1,
    "max_partition_fetch_bytes": 1,
    # A fetch from earlier positions, which is still under way, holds up the first one from newer ones.
    "fetch_max_wait_ms": 50,
}


class Arrivals:
    """One consumer, connected when it is first needed and again after a failure."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._consumer: KafkaConsumer | None = None
        self._assigned: set[TopicPartition] = set()

    def wait(self, positions: Mapping[str, Mapping[int, int]], seconds: float) -> bool:
        """Whether something came, by topic and partition, at or after these offsets; waits at most so long.

        What is wrong with a broker or a topic, whoever reads it says: here it only takes all of the time.
        """
        deadline = time.monotonic() + seconds
        try:
            return self._came(positions, seconds)
        except (KafkaError, TickhouseError):
            self.close()
            time.sleep(max(0.0, deadline - time.monotonic()))
            return False

    def close(self) -> None:
        if self._consumer is not None:
            self._consumer.close()
            self._consumer = None
            self._assigned = set()

    def _came(self, positions: Mapping[str, Mapping[int, int]], seconds: float) -> bool:
        at = {
            TopicPartition(topic, n): offset
            for topic, ends in positions.items()
            for n, offset in ends.items()
        }
        if not at:
            time.sleep(seconds)
            return False
        consumer = self._connected()
        if at.keys() != self._assigned:
            self._assigned = set(at)
            consumer.assign(list(at))
        for tp, offset in at.items():
            consumer.seek(tp, offset)
        return bool(consumer.poll(int(seconds * 1000), max_records=1))

    def _connected(self) -> KafkaConsumer:
        if self._consumer is None:
            self._consumer = connect(self._settings, KafkaConsumer, **CONSUMER)
        return self._consumer
