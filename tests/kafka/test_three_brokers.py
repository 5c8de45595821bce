"""The cluster of compose.yaml: everything has three copies, and one broker may be away."""

import time
from contextlib import closing
from pathlib import Path

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType

from ingest.core.message import Message
from ingest.core.settings import Settings
from ingest.core.topics import Topic
from ingest.kafka.connect import connect
from ingest.kafka.open import open_log, open_publisher
from ingest.kafka.topic_admin import ensure_topics
from tests.support.brokers import ThreeBrokers
from tests.support.reading import read_rows

TOPIC = Topic("test.three", "test_three", "A test's own.", partitions=3)


def publish(settings: Settings, numbers: range) -> None:
    with open_publisher(settings) as publisher:
        for number in numbers:
            publisher.publish(Message(TOPIC.name, b"%d" % number, b"%d" % number))


def values(settings: Settings) -> list[int]:
    with closing(open_log(settings)) as log:
        rows = read_rows(log, TOPIC.name)
    return sorted(int(row.value or b"") for partition in rows.values() for row in partition)


@pytest.mark.slow
def test_one_broker_may_go(tmp_path: Path) -> None:
    with ThreeBrokers(tmp_path) as three:
        while not three.are_up():
            time.sleep(0.05)
        settings = Settings(tickhouse_home=tmp_path, kafka_bootstrap_servers=three.bootstrap_servers)
        ensure_topics(settings, [TOPIC])
        with closing(connect(settings, KafkaAdminClient)) as admin:
            (topic,) = admin.describe_topics([TOPIC.name])
            configs = admin.describe_configs(
                [ConfigResource(ConfigResourceType.TOPIC, TOPIC.name)], config_filter="all"
            )
        assert [len(partition["replica_nodes"]) for partition in topic["partitions"]] == [3, 3, 3]
        assert configs["topic"][TOPIC.name]["min.insync.replicas"]["value"] == "2"
        publish(settings, range(100))
        three.kill("kafka-2")
        publish(settings, range(100, 200))
        assert values(settings) == list(range(200))
