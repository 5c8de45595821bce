"""Kafka, to read from and to write to.

What is read comes over kafka-python's connections; the settings name the client that writes.
"""

from ingest.core.settings import Settings
from ingest.kafka.cluster import Cluster
from ingest.kafka.connect import wants_fast
from ingest.kafka.log import KafkaLog
from ingest.kafka.publisher import PATIENCE_SECONDS, Publisher
from ingest.kafka.reader import LogReader


def open_log(settings: Settings) -> KafkaLog:
    """A log to read from. Connects at the first question, not here."""
    from ingest.kafka.kafka_python_fetcher import KafkaPythonFetcher

    return LogReader(Cluster(settings), KafkaPythonFetcher(settings))


def open_publisher(settings: Settings, patience_seconds: float = PATIENCE_SECONDS) -> Publisher:
    """A publisher on the client that the settings name."""
    if settings.kafka_client == "kafka-python":
        from ingest.kafka.kafka_python_publisher import KafkaPythonPublisher

        return KafkaPythonPublisher(settings, patience_seconds)
    try:
        from ingest.kafka.confluent_publisher import ConfluentPublisher
    except ImportError as error:
        raise wants_fast() from error
    return ConfluentPublisher(settings, patience_seconds)
