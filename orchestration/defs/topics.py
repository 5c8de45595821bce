"""Kafka topics as external assets: where the lineage begins, with their lag."""

import dagster as dg

from ingest.topics import TOPICS, Topic
from orchestration.keys import OWNERS, topic_key


def topic_spec(topic: Topic) -> dg.AssetSpec:
    return dg.AssetSpec(
        topic_key(topic),
        description=topic.description,
        group_name="kafka",
        kinds={"kafka"},
        owners=OWNERS,
        metadata={
            "partitions": topic.partitions,
            "key": topic.key,
            "kafka_retention_hours": topic.kafka_retention.total_seconds() / 3600,
            "start_from": str(topic.start_from),
        },
    )


def defs() -> dg.Definitions:
    return dg.Definitions(assets=[topic_spec(topic) for topic in TOPICS])
