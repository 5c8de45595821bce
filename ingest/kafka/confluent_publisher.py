"""Publishing with confluent-kafka (librdkafka), the extra `fast`."""

import logging
import time

from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka import Message as Delivered

from ingest.core.message import Message
from ingest.core.settings import Settings
from ingest.kafka.connect import broker_unavailable, require_way_in
from ingest.kafka.connection import confluent_options
from ingest.kafka.publisher import BUFFER_BYTES, COMPRESSION, LINGER_MS, Publisher

log = logging.getLogger(__name__)

POLL_SECONDS = 0.1
HEAR_SECONDS = 0.05
"""How often it is asked what could not be delivered."""
GRACE_SECONDS = 2.0
"""librdkafka looks for messages that took too long once a second."""
CAN_RETRY = {
    KafkaError._MSG_TIMED_OUT,
    KafkaError._TRANSPORT,
    KafkaError._ALL_BROKERS_DOWN,
    KafkaError._TIMED_OUT,
}


class ConfluentPublisher(Publisher):
    """Buffers and compresses in C, in threads of its own: several times as fast as kafka-python."""

    def __init__(self, settings: Settings, patience_seconds: float) -> None:
        super().__init__(settings, patience_seconds)
        require_way_in(settings)
        patience_ms = int(patience_seconds * 1000)
        options = {
            **confluent_options(settings),
            "enable.idempotence": True,
            "acks": "all",
            "compression.type": COMPRESSION,
            "linger.ms": LINGER_MS,
            "message.timeout.ms": patience_ms,
            "queue.buffering.max.kbytes": BUFFER_BYTES // 1024,
            "partitioner": "murmur2_random",  # librdkafka's own choice puts keys where no other client looks
            "allow.auto.create.topics": False,
            # What went well is not told one by one: `flush` says when all of it is there.
            "delivery.report.only.error": True,
            # A broker that has just come up may not know its topics yet.
            "topic.metadata.propagation.max.ms": patience_ms // 2,
        }
        self._producer = Producer(options, logger=log)
        self._heard_at = 0.0

    def _send(self, message: Message) -> None:
        now = time.monotonic()
        deadline = now + self._patience_seconds
        while True:
            try:
                self._producer.produce(
                    message.topic,
                    key=message.key,
                    value=message.payload,
                    headers=list(message.headers),
                    on_delivery=self._on_delivery,
                )
            except BufferError:
                if time.monotonic() > deadline:
                    raise broker_unavailable(self._settings, "the buffer stays full") from None
                self._producer.poll(POLL_SECONDS)
            except KafkaException as error:
                self._note(message.topic, error.args[0])
                return
            else:
                if now - self._heard_at > HEAR_SECONDS:
                    self._heard_at = now
                    self._producer.poll(0)
                return

    def _on_delivery(self, error: KafkaError | None, message: Delivered) -> None:
        if error is not None:
            self._note(message.topic() or "", error)

    def _note(self, topic: str, error: KafkaError) -> None:
        self._give_up(topic, error.name(), can_retry=error.code() in CAN_RETRY)

    def _deliver(self) -> None:
        if self._producer.flush(self._patience_seconds + GRACE_SECONDS):
            self._producer.purge()
            self._producer.flush(GRACE_SECONDS)

    def _stop(self) -> None:
        self._deliver()
