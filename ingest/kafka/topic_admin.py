"""Topics on the broker, made to be what the topic table says."""

from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import KafkaError, TopicAlreadyExistsError

from ingest.core.settings import Settings
from ingest.core.topics import TOPICS, Topic
from ingest.kafka.connect import connect, explained


@dataclass(frozen=True, slots=True)
class TopicOnBroker:
    """What the broker says of a topic."""

    name: str
    partitions: int
    topic_id: str
    retention_ms: int


def ensure_topics(settings: Settings, topics: Iterable[Topic] = TOPICS) -> None:
    """Create what is missing, add partitions and set the retention where the table says otherwise.

    Partitions are never taken away: Kafka cannot.
    """
    wanted = {topic.name: topic for topic in topics}
    try:
        with closing(connect(settings, KafkaAdminClient)) as admin:
            found = _describe(admin, wanted)
            for topic in wanted.values():
                if topic.name not in found:
                    _create(admin, topic)
                else:
                    _adjust(admin, topic, found[topic.name])
            admin.wait_for_topics(list(wanted))
    except KafkaError as error:
        raise explained(settings, error) from error


def describe_topics(settings: Settings, topics: Iterable[Topic] = TOPICS) -> dict[str, TopicOnBroker]:
    """The topics that exist, by name."""
    try:
        with closing(connect(settings, KafkaAdminClient)) as admin:
            return _describe(admin, [topic.name for topic in topics])
    except KafkaError as error:
        raise explained(settings, error) from error


def _describe(admin: KafkaAdminClient, names: Iterable[str]) -> dict[str, TopicOnBroker]:
    known = [topic for topic in admin.describe_topics(list(names)) if topic["error_code"] == 0]
    configs = _configs(admin, [topic["name"] for topic in known])
    return {
        topic["name"]: TopicOnBroker(
            topic["name"],
            len(topic["partitions"]),
            str(topic["topic_id"]),
            int(configs[topic["name"]]["retention.ms"]["value"]),
        )
        for topic in known
    }


def _configs(admin: KafkaAdminClient, names: list[str]) -> dict[str, dict[str, Any]]:
    if not names:
        return {}
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    return admin.describe_configs(resources, config_filter="all")["topic"]


def _create(admin: KafkaAdminClient, topic: Topic) -> None:
    configs = {
        "retention.ms": str(_retention_ms(topic)),
        # `published_at` is the broker's clock; and a producer's wrong one cannot defeat retention.
        "message.timestamp.type": "LogAppendTime",
    }
    try:
        admin.create_topics({topic.name: {"num_partitions": topic.partitions, "configs": configs}})
    except TopicAlreadyExistsError:
        return  # somebody else was quicker


def _adjust(admin: KafkaAdminClient, topic: Topic, found: TopicOnBroker) -> None:
    if topic.partitions > found.partitions:
        admin.create_partitions({topic.name: topic.partitions})
    if _retention_ms(topic) != found.retention_ms:
        configs = {"retention.ms": str(_retention_ms(topic))}
        admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic.name, configs)])


def _retention_ms(topic: Topic) -> int:
    return int(topic.kafka_retention.total_seconds() * 1000)
