"""Kafka topics as external assets: where the lineage begins, with their lag."""

import dagster as dg

from ingest.core.topics import TOPICS, Topic
from ingest.feeds.binance.channels import TOPIC_OF_CHANNEL
from ingest.feeds.binance.polls import DATASETS
from orchestration.keys import OWNERS, poll_key, topic_key

NOT_OURS = (
    "Kafka has it and Dagster makes none of it, so `Never materialized` is right; how far it has landed is "
    "on the raw table behind it, and grey there means that nothing ever came."
)


def topic_spec(topic: Topic) -> dg.AssetSpec:
    return dg.AssetSpec(
        topic_key(topic),
        deps=[
            poll_key(name) for name, poll in DATASETS.items() if TOPIC_OF_CHANNEL[poll.channel] == topic.name
        ],
        description=f"{topic.description}\n\n{NOT_OURS}",
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
