"""Fetching with confluent-kafka (librdkafka), the extra `fast`: records are taken apart outside of Python."""

import logging
from collections.abc import Mapping
from itertools import groupby
from typing import Any

from confluent_kafka import TIMESTAMP_NOT_AVAILABLE, Consumer, KafkaError, Message, TopicPartition

from ingest.core.errors import NeedsAttention, TickhouseError
from ingest.core.settings import Settings
from ingest.kafka.connect import refused
from ingest.kafka.connection import confluent_options
from ingest.kafka.log import Records
from ingest.kafka.reader import Unreadable, moved_under_reader

log = logging.getLogger(__name__)

POLL_SECONDS = 0.02
"""consume() returns early only with as many messages as were asked for."""

CONSUMER: dict[str, Any] = {
    "group.id": "tickhouse",  # the class wants one; no group is joined, nothing is committed
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "auto.offset.reset": "error",
    "isolation.level": "read_committed",
    # What is damaged is named; without it, librdkafka would hand it on as it is.
    "check.crcs": True,
    # The only word librdkafka gives of a tail of transaction markers: where the end is.
    "enable.partition.eof": True,
    # A fetch left waiting at the end of one read holds up the first fetch of the next.
    "fetch.wait.max.ms": 10,
    # Fetch a quarter of the default ahead, top up after 10 ms and not after a second: as fast, less memory.
    "queued.max.messages.kbytes": 16_384,
    "fetch.queue.backoff.ms": 10,
    "topic.metadata.propagation.max.ms": 0,
    "reconnect.backoff.ms": 500,
}

PASSING = {
    KafkaError._TRANSPORT,
    KafkaError._ALL_BROKERS_DOWN,
    KafkaError._TIMED_OUT,
    KafkaError._RESOLVE,
    # librdkafka looks for the coordinator of a group that nobody joins, and who only reads may not know it.
    KafkaError.GROUP_AUTHORIZATION_FAILED,
}
MOVED = {
    KafkaError._AUTO_OFFSET_RESET,
    KafkaError._UNKNOWN_PARTITION,
    KafkaError._UNKNOWN_TOPIC,
    KafkaError.OFFSET_OUT_OF_RANGE,
    KafkaError.UNKNOWN_TOPIC_ID,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
}
UNREADABLE = {
    KafkaError._BAD_MSG,
    KafkaError._BAD_COMPRESSION,
    KafkaError._NOT_IMPLEMENTED,
    KafkaError._UNDERFLOW,
    KafkaError.INVALID_MSG,
    KafkaError.UNSUPPORTED_COMPRESSION_TYPE,
}
REFUSED = {
    KafkaError._AUTHENTICATION,
    KafkaError.SASL_AUTHENTICATION_FAILED,
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
}


class ConfluentFetcher:
    """One consumer, made when it is first needed and again after a failure."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._consumer: Consumer | None = None
        self._topic = ""
        self._positions: dict[int, int] = {}

    def begin(self, topic: str, positions: Mapping[int, int]) -> None:
        self._topic, self._positions = topic, dict(positions)
        self._made().assign([TopicPartition(topic, number, at) for number, at in positions.items()])

    def poll(self, max_messages: int) -> list[Records]:
        fetched = self._made().consume(max_messages, POLL_SECONDS)
        messages = [message for message in fetched if message.error() is None]
        stretches = [
            self._stretch(number, list(run))
            for number, run in groupby(messages, Message.partition)
            if number in self._positions
        ]
        if len(messages) < len(fetched):
            stretches += filter(None, map(self._absent_stretch, fetched))
        return stretches

    def finish(self, partition: int) -> None:
        del self._positions[partition]
        self._made().incremental_unassign([TopicPartition(self._topic, partition)])

    def close(self) -> None:
        if self._consumer is not None:
            self._consumer.close()
            self._consumer = None

    def _made(self) -> Consumer:
        if self._consumer is None:
            self._consumer = Consumer({**confluent_options(self._settings), **CONSUMER}, logger=log)
        return self._consumer

    def _stretch(self, number: int, run: list[Message]) -> Records:
        """One partition's messages in columns; map() over the methods spares a Python loop for each."""
        offsets: list[Any] = [*map(Message.offset, run)]
        headers: list[Any] = []
        try:
            headers.extend(found or () for found in map(Message.headers, run))
        except SystemError as error:  # a header's name that is not UTF-8; what came before it was taken
            at = offsets[len(headers)]
            raise Unreadable(at, at + 1, f"a header's name is not UTF-8: {error.__cause__}") from error
        return Records(
            number,
            self._move(number, offsets[-1] + 1),
            self._positions[number],
            offsets,
            [-1 if kind == TIMESTAMP_NOT_AVAILABLE else ms for kind, ms in map(Message.timestamp, run)],
            [*map(Message.key, run)],
            [*map(Message.value, run)],
            headers,
        )

    def _absent_stretch(self, message: Message) -> Records | None:
        """At a partition's end, what lies between the last record and that end."""
        error, number, end = message.error(), message.partition(), message.offset()
        if error is None or error.code() in PASSING:
            return None
        if error.code() != KafkaError._PARTITION_EOF or number is None or end is None:
            raise self._explained(error, number)
        if end <= self._positions.get(number, end):
            return None
        return Records(number, self._move(number, end), end)

    def _move(self, number: int, to: int) -> int:
        """Sets the position, and says where it was."""
        before, self._positions[number] = self._positions[number], to
        return before

    def _explained(self, error: KafkaError, number: int | None) -> TickhouseError:
        if error.code() in MOVED:
            offset = None if number is None else self._positions.get(number)
            return moved_under_reader(self._topic, number, offset)
        if error.code() in UNREADABLE:
            at = self._positions.get(number, 0) if number is not None else 0
            return Unreadable(at, at + 1, error.str())
        if error.code() in REFUSED:
            return refused(self._settings, error.str())
        return NeedsAttention(f"Kafka cannot give us {self._topic}[{number}]: {error.str()}")
