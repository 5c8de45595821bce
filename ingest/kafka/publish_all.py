"""A feed that ends, as a whole into Kafka: what jobs do with it. Commands deliver, and say how it goes."""

from collections import Counter
from collections.abc import Generator, Mapping
from contextlib import closing

from ingest.core.message import Message
from ingest.core.settings import Settings
from ingest.kafka.open import open_publisher
from ingest.kafka.topic_admin import ensure_topics


def publish_all(settings: Settings, messages: Generator[Message]) -> Mapping[str, int]:
    """Returns once Kafka has them: how many, by topic. What came before an error is there, too."""
    ensure_topics(settings)
    published: Counter[str] = Counter()
    with open_publisher(settings) as publisher, closing(messages):
        for message in messages:
            publisher.publish(message)
            published[message.topic] += 1
    return published
