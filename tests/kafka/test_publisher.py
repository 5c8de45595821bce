"""What both publishers promise: delivered once and in order, or an error that says what was not."""

import gc
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing

import pytest

from ingest.core.errors import BrokerUnavailable, DeliveryFailed, SettingsInvalid
from ingest.core.message import Message, feed_headers
from ingest.core.settings import Settings
from ingest.kafka import confluent_publisher, kafka_python_publisher
from ingest.kafka.log import KafkaLog
from ingest.kafka.open import open_log, open_publisher
from ingest.kafka.publisher import Publisher
from tests.conftest import TopicFactory
from tests.support.broker import OwnBroker
from tests.support.reading import read_rows

SYMBOLS = [b"BTCUSDT", b"ETHUSDT", b"ADAUSDT", b"SHIBUSDT", b"BNBUSDT", b"XRPUSDT"]
TOO_LARGE = bytes(2_000_000)

# kafka-python leaves the sockets of failed connections to the garbage collector.
SOCKETS_ARE_LEFT = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")


def numbered(topic: str, first: int, end: int, size: int = 20) -> list[Message]:
    return [
        Message(topic, SYMBOLS[number % len(SYMBOLS)], str(number).encode().ljust(size))
        for number in range(first, end)
    ]


def opened(settings: Settings, client: str, patience_seconds: float = 10.0) -> Publisher:
    return open_publisher(settings.model_copy(update={"kafka_client": client}), patience_seconds)


def publish_all(publisher: Publisher, messages: Iterable[Message]) -> None:
    with publisher:
        for message in messages:
            publisher.publish(message)


def payloads_by_key(log: KafkaLog, topic: str) -> dict[bytes | None, list[int]]:
    found: dict[bytes | None, list[int]] = {}
    for rows in read_rows(log, topic).values():
        for row in rows:
            found.setdefault(row.key, []).append(int(row.value or b"-1"))
    return found


def test_a_message_arrives_as_it_was(
    settings: Settings, client: str, log: KafkaLog, topic_factory: TopicFactory
) -> None:
    topic = topic_factory(partitions=1).name
    headers = feed_headers("binance", "BTCUSDT", "trade", 1723161299617549637)
    sent = [
        Message(topic, b"BTCUSDT", b'{"e":"trade"}', headers),
        Message(topic, b"BTCUSDT", b"\xff\xfe not text", headers),
        Message(topic, b"BTCUSDT", None),
    ]
    with opened(settings, client) as publisher:
        for message in sent:
            publisher.publish(message)
    rows = read_rows(log, topic)[0]
    assert [(row.key, row.value, row.headers) for row in rows] == [
        (message.key, message.payload, message.headers) for message in sent
    ]


def test_each_key_keeps_its_order_in_the_partition_that_every_client_chooses(
    settings: Settings, log: KafkaLog, topic_factory: TopicFactory
) -> None:
    topic = topic_factory(partitions=5).name
    for client, first in (("kafka-python", 0), ("confluent", 600)):
        with opened(settings, client) as publisher:
            for message in numbered(topic, first, first + 600):
                publisher.publish(message)
    for index, key in enumerate(SYMBOLS):
        assert payloads_by_key(log, topic)[key] == list(range(index, 1200, len(SYMBOLS)))
    homes = [key for rows in read_rows(log, topic).values() for key in {row.key for row in rows}]
    assert sorted(map(bytes, filter(None, homes))) == sorted(SYMBOLS)


def test_flush_waits_until_all_is_in_the_log(
    settings: Settings, client: str, log: KafkaLog, topic_factory: TopicFactory
) -> None:
    topic = topic_factory(partitions=1).name
    with opened(settings, client) as publisher:
        for message in numbered(topic, 0, 500):
            publisher.publish(message)
        publisher.flush()
        assert len(read_rows(log, topic)[0]) == 500


def test_batches_are_compressed(
    settings: Settings, client: str, broker: OwnBroker, topic_factory: TopicFactory
) -> None:
    topic = topic_factory(partitions=1).name
    with opened(settings, client) as publisher:
        for message in numbered(topic, 0, 500, size=1_000):
            publisher.publish(message)
    segments = (broker.settings.kafka_home).rglob(f"{topic}-0/*.log")
    assert 0 < sum(segment.stat().st_size for segment in segments) < 100_000


def test_messages_that_kafka_refuses_are_told_with_topic_and_count(
    settings: Settings, client: str, log: KafkaLog, topic_factory: TopicFactory
) -> None:
    topic = topic_factory(partitions=1).name
    publisher = opened(settings, client)
    publisher.publish(Message(topic, b"BTCUSDT", b"fits"))
    publisher.publish(Message(topic, b"BTCUSDT", TOO_LARGE))
    with pytest.raises(DeliveryFailed, match=rf"{topic}: 1 \("):
        publisher.publish(Message(topic, b"BTCUSDT", b"not taken"))
    publisher.publish(Message(topic, b"BTCUSDT", b"fits too"))
    publisher.publish(Message(topic, b"BTCUSDT", TOO_LARGE))
    with pytest.raises(DeliveryFailed, match=rf"{topic}: 1 \("):
        publisher.close()
    assert [row.value for row in read_rows(log, topic)[0]] == [b"fits", b"fits too"]


def test_a_topic_that_is_not_there_is_not_made_up(settings: Settings, client: str) -> None:
    with pytest.raises(DeliveryFailed, match=r"no\.such\.topic"):
        publish_all(opened(settings, client, patience_seconds=2.0), numbered("no.such.topic", 0, 1))


def test_no_broker_is_told_at_once(client: str) -> None:
    settings = Settings(kafka_bootstrap_servers="127.0.0.1:1")
    with pytest.raises(BrokerUnavailable, match=r"127\.0\.0\.1:1"):
        opened(settings, client)


@pytest.mark.slow
@SOCKETS_ARE_LEFT
def test_a_broker_that_comes_back_gets_everything_once(
    client: str, own_broker: OwnBroker, topic_factory: TopicFactory
) -> None:
    topic = topic_factory(on=own_broker.settings, partitions=2).name
    with opened(own_broker.settings, client, patience_seconds=60.0) as publisher:
        for message in numbered(topic, 0, 2_000):
            publisher.publish(message)
        own_broker.stop()
        for message in numbered(topic, 2_000, 4_000):
            publisher.publish(message)
        own_broker.start()
    with closing(open_log(own_broker.settings)) as log:
        found = payloads_by_key(log, topic)
    for index, key in enumerate(SYMBOLS):
        assert found[key] == list(range(index, 4_000, len(SYMBOLS)))
    gc.collect()


@pytest.mark.slow
@SOCKETS_ARE_LEFT
def test_while_the_broker_is_away_publish_waits_then_tells_how_much_it_had_taken(
    client: str, own_broker: OwnBroker, topic_factory: TopicFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (confluent_publisher, kafka_python_publisher):
        monkeypatch.setattr(module, "BUFFER_BYTES", 1024 * 1024)
    topic = topic_factory(on=own_broker.settings, partitions=2).name
    publisher = opened(own_broker.settings, client, patience_seconds=3.0)
    publisher.publish(Message(topic, b"BTCUSDT", b"0"))
    publisher.flush()
    own_broker.stop()
    source = iter(numbered(topic, 1, 1_000, size=10_000))
    with pytest.raises(BrokerUnavailable, match=own_broker.bootstrap) as failure:
        publish_all(publisher, source)
    told = [str(failure.value), *getattr(failure.value, "__notes__", [])]
    counts = [int(count) for text in told for count in re.findall(rf"{topic}: (\d+) \(", text)]
    not_taken = 1 + len(list(source))
    assert sum(counts) == 999 - not_taken
    assert sum(counts) < 200, "more was buffered than the buffer holds"
    gc.collect()


@pytest.mark.slow
@SOCKETS_ARE_LEFT
def test_a_broker_that_goes_before_the_first_message_is_not_taken_for_a_missing_topic(
    client: str, own_broker: OwnBroker, topic_factory: TopicFactory
) -> None:
    topic = topic_factory(on=own_broker.settings, partitions=1).name
    publisher = opened(own_broker.settings, client, patience_seconds=3.0)
    own_broker.stop()
    with pytest.raises(BrokerUnavailable, match=own_broker.bootstrap):
        publish_all(publisher, numbered(topic, 0, 1))
    gc.collect()


def test_confluent_without_its_extra_names_the_extra(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "confluent_kafka", None)
    monkeypatch.delitem(sys.modules, "ingest.kafka.confluent_publisher")
    with pytest.raises(SettingsInvalid, match=r"tickhouse\[fast\]"):
        opened(settings, "confluent")


def test_an_error_in_the_block_is_not_hidden_by_what_could_not_be_delivered(
    settings: Settings, client: str, topic_factory: TopicFactory
) -> None:
    topic = topic_factory(partitions=1).name

    def failing_source() -> Iterator[Message]:
        yield Message(topic, b"BTCUSDT", TOO_LARGE)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) as failure:
        publish_all(opened(settings, client), failing_source())
    assert f"{topic}: 1 (" in failure.value.__notes__[0]
