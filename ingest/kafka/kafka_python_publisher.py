"""Publishing with kafka-python."""

from collections.abc import Callable

from kafka import KafkaProducer
from kafka.errors import KafkaError, KafkaTimeoutError

from ingest.core.errors import DeliveryFailed
from ingest.core.message import Message
from ingest.core.settings import Settings
from ingest.kafka.connect import TRANSIENT, broker_unavailable, connect, require_listener
from ingest.kafka.publisher import BUFFER_BYTES, COMPRESSION, LINGER_MS, Publisher

BATCH_BYTES = 64 * 1024
MESSAGE_OVERHEAD_BYTES = 800
"""What the client keeps of a message besides its payload, mostly the promise of an answer."""
GRACE_SECONDS = 2.0
"""The client gives a message up when our patience ends; wait this much longer to hear of it."""


class KafkaPythonPublisher(Publisher):
    """Each message takes its way through Python: some ten thousand a second."""

    def __init__(self, settings: Settings, patience_seconds: float) -> None:
        super().__init__(settings, patience_seconds)
        patience_ms = int(patience_seconds * 1000)
        self._producer = connect(
            settings,
            KafkaProducer,
            enable_idempotence=True,
            acks="all",
            compression_type=COMPRESSION,
            linger_ms=LINGER_MS,
            batch_size=BATCH_BYTES,
            max_block_ms=patience_ms,
            delivery_timeout_ms=patience_ms,
            request_timeout_ms=patience_ms // 2,
            allow_auto_create_topics=False,
            metrics_enabled=False,
        )
        self._buffered_bytes = 0

    def _send(self, message: Message) -> None:
        # This client's own buffer has no bound: let it run empty each time so much has gone in.
        self._buffered_bytes += len(message.payload or b"") + MESSAGE_OVERHEAD_BYTES
        if self._buffered_bytes > BUFFER_BYTES:
            self.flush()
        try:
            future = self._producer.send(
                message.topic, key=message.key, value=message.payload, headers=list(message.headers)
            )
        except KafkaTimeoutError as error:
            require_listener(self._settings)
            raise DeliveryFailed(
                f"Kafka at {self._settings.bootstrap_servers} has no topic {message.topic}: create it first."
            ) from error
        except KafkaError as error:
            self._note(message.topic, error)
        else:
            future.add_errback(self._note, message.topic)

    def _note(self, topic: str, error: Exception) -> None:
        self._give_up(topic, type(error).__name__, can_retry=isinstance(error, TRANSIENT))

    def _deliver(self) -> None:
        self._wait_for(self._producer.flush)
        self._buffered_bytes = 0

    def _stop(self) -> None:
        self._wait_for(self._producer.close)

    def _wait_for(self, step: Callable[[float], None]) -> None:
        try:
            step(self._patience_seconds + GRACE_SECONDS)
        except KafkaTimeoutError as error:
            raise broker_unavailable(self._settings, "messages wait for an acknowledgement") from error
