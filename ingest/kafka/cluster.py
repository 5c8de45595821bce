"""What the brokers say about topics: ids, partitions, where each log begins and ends.

Whichever client reads the records, this is asked here: a topic's id must not depend on the client.
"""

import time
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, TypeVar

from kafka import IsolationLevel, KafkaAdminClient, OffsetSpec, TopicPartition
from kafka.errors import (
    KafkaError,
    LeaderNotAvailableError,
    UnknownTopicOrPartitionError,
    for_code,
)

from ingest.core.settings import Settings
from ingest.core.window import Bounds
from ingest.kafka.connect import TRANSIENT, connect, explained
from ingest.kafka.log import TopicState

Answer = TypeVar("Answer")

PATIENCE_SECONDS = 3.0
"""How long a leader election or a restarting broker is waited for."""
RETRY_SECONDS = 0.1


class Cluster:
    """Asks through one admin client, connected at the first question and again after a failure."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._admin: KafkaAdminClient | None = None

    def states(self, topics: Iterable[str]) -> dict[str, TopicState]:
        names = list(topics)
        return self._ask(lambda admin: _states(admin, names))

    def topic_ids(self, topics: Iterable[str]) -> dict[str, str | None]:
        names = list(topics)
        found = self._ask(lambda admin: _existing(admin, names))
        return {topic["name"]: topic["topic_id"] for topic in found}

    def offsets_at(self, topic: str, partitions: Iterable[int], at: datetime) -> dict[int, int]:
        wanted = [TopicPartition(topic, number) for number in partitions]
        millis = int(at.timestamp() * 1000)
        found = self._ask(lambda admin: _offsets(admin, wanted, millis))
        ends = self._ask(lambda admin: _offsets(admin, wanted, OffsetSpec.LATEST))
        return {tp.partition: ends[tp] if found[tp] < 0 else found[tp] for tp in wanted}

    def close(self) -> None:
        if self._admin is not None:
            self._admin.close()
            self._admin = None

    def _ask(self, question: Callable[[KafkaAdminClient], Answer]) -> Answer:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            admin = self._connected()
            try:
                return question(admin)
            except KafkaError as error:
                if not isinstance(error, TRANSIENT) or time.monotonic() > deadline:
                    self.close()  # the next question connects anew: the broker may have moved
                    raise explained(self._settings, error) from error
            time.sleep(RETRY_SECONDS)

    def _connected(self) -> KafkaAdminClient:
        if self._admin is None:
            self._admin = connect(
                self._settings,
                KafkaAdminClient,
                request_timeout_ms=int(PATIENCE_SECONDS * 1000),
                reconnect_backoff_max_ms=500,
            )
        return self._admin


def _states(admin: KafkaAdminClient, names: list[str]) -> dict[str, TopicState]:
    topics = _existing(admin, names)
    wanted = [
        TopicPartition(topic["name"], partition["partition_index"])
        for topic in topics
        for partition in topic["partitions"]
    ]
    starts = _offsets(admin, wanted, OffsetSpec.EARLIEST)
    ends = _offsets(admin, wanted, OffsetSpec.LATEST)
    bounds: dict[str, dict[int, Bounds]] = {topic["name"]: {} for topic in topics}
    for tp in sorted(wanted):
        bounds[tp.topic][tp.partition] = Bounds(starts[tp], max(starts[tp], ends[tp]))
    return {
        topic["name"]: TopicState(topic["name"], topic["topic_id"], bounds[topic["name"]]) for topic in topics
    }


def _existing(admin: KafkaAdminClient, names: list[str]) -> list[dict[str, Any]]:
    """What the broker says of each topic; unknown ones are left out."""
    if not names:
        return []
    found = []
    for topic in admin.describe_topics(names):
        error = for_code(topic["error_code"])
        if error is UnknownTopicOrPartitionError:
            continue
        if topic["error_code"]:
            raise error(topic["name"])
        if any(partition["leader_id"] < 0 for partition in topic["partitions"]):
            raise LeaderNotAvailableError(f"a partition of {topic['name']} has no leader")
        found.append(topic)
    return found


def _offsets(
    admin: KafkaAdminClient, wanted: list[TopicPartition], spec: OffsetSpec | int
) -> dict[TopicPartition, int]:
    """read_committed: the end is the last stable offset. -1: no message at or after that time."""
    found = admin.list_partition_offsets(dict.fromkeys(wanted, spec), IsolationLevel.READ_COMMITTED)
    return {tp: found[tp].offset for tp in wanted}
