"""Topics on the broker become what the topic table says, and stay what else they are."""

from dataclasses import replace
from datetime import timedelta

from ingest.kafka.topic_admin import describe_topics, ensure_topics


def on_broker(settings, topic):
    return describe_topics(settings, [topic])[topic.name]


def test_a_missing_topic_is_made(settings, topic_factory):
    topic = topic_factory(partitions=3, kafka_retention=timedelta(hours=5))

    found = on_broker(settings, topic)

    assert (found.partitions, found.retention_ms) == (3, 5 * 3600 * 1000)


def test_making_it_again_keeps_it(settings, topic_factory):
    topic = topic_factory()
    first = on_broker(settings, topic)

    ensure_topics(settings, [topic])

    assert on_broker(settings, topic) == first


def test_what_the_table_says_more_is_added(settings, topic_factory):
    topic = topic_factory(partitions=1, kafka_retention=timedelta(days=2))
    first = on_broker(settings, topic)

    ensure_topics(settings, [replace(topic, partitions=4, kafka_retention=timedelta(days=1))])

    found = on_broker(settings, topic)
    assert (found.partitions, found.retention_ms) == (4, 24 * 3600 * 1000)
    assert found.topic_id == first.topic_id


def test_partitions_are_never_taken_away(settings, topic_factory):
    topic = topic_factory(partitions=2)

    ensure_topics(settings, [replace(topic, partitions=1)])

    assert on_broker(settings, topic).partitions == 2


def test_a_topic_that_does_not_exist_is_left_out(settings, topic_factory):
    topic = topic_factory()

    assert list(describe_topics(settings, [topic, replace(topic, name="test.nowhere")])) == [topic.name]
