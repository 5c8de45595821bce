"""A broker that is not there, does not answer, or goes away while it is read."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingest.core.errors import BrokerUnavailable, SettingsInvalid
from ingest.core.settings import Settings
from ingest.kafka.log import KafkaLog
from ingest.services.ports import free_port
from tests.support.broker import OwnBroker
from tests.support.other_side import OtherSide, Sent, numbered
from tests.support.reading import read_rows, whole

Open = Callable[[Settings], KafkaLog]

QUESTIONS: dict[str, Callable[[KafkaLog], object]] = {
    "states": lambda log: log.states(["t"]),
    "topic_ids": lambda log: log.topic_ids(["t"]),
    "offsets_at": lambda log: log.offsets_at("t", [0], datetime(2024, 1, 1, tzinfo=UTC)),
    "read": lambda log: list(log.read("t", {0: (0, 1)}, 10, 10)),
}


@pytest.fixture
def mute_port() -> Iterator[int]:
    """A port that accepts connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize("question", QUESTIONS)
def test_nobody_listens(opening: Open, question: str) -> None:
    server = f"127.0.0.1:{free_port()}"
    log = opening(Settings(kafka_bootstrap_servers=server))
    with pytest.raises(BrokerUnavailable, match=rf"{server} .*KAFKA_BOOTSTRAP_SERVERS"):
        QUESTIONS[question](log)


def test_the_embedded_broker_is_not_started(opening: Open, tmp_path: Path) -> None:
    log = opening(Settings(tickhouse_home=tmp_path, embedded_kafka_port=free_port()))
    with pytest.raises(BrokerUnavailable, match="tickhouse up"):
        log.states(["t"])


@pytest.mark.slow
def test_nobody_answers(opening: Open, mute_port: int) -> None:
    threads = threading.active_count()
    log = opening(Settings(kafka_bootstrap_servers=f"127.0.0.1:{mute_port}"))
    with pytest.raises(BrokerUnavailable, match=str(mute_port)):
        log.states(["t"])
    assert threading.active_count() == threads


def test_a_server_without_a_port_is_a_wrong_setting(opening: Open) -> None:
    log = opening(Settings(kafka_bootstrap_servers="kafka.example.com"))
    with pytest.raises(SettingsInvalid, match="host:port"):
        log.states(["t"])


@pytest.mark.slow
def test_reading_goes_on_with_a_broker_that_came_back(opening: Open, own_broker: OwnBroker) -> None:
    log = opening(own_broker.settings)
    with closing(OtherSide(own_broker.settings)) as other_side:
        topic = other_side.create_topic()
        other_side.publish(topic, [Sent(bytes(900_000))] * 60)
    window = whole(log, topic)
    reading = log.read(topic, window, 1, 1)
    next(reading)
    own_broker.kill()
    with pytest.raises(BrokerUnavailable):
        list(reading)
    with pytest.raises(BrokerUnavailable):
        log.states([topic])
    own_broker.settings.embedded_kafka_port = free_port()  # the old one may be taken by now
    own_broker.start()
    assert len(read_rows(log, topic, window)[0]) == 60
    # The restart raised the leader's epoch; a topic made again begins with a lower one.
    with closing(OtherSide(own_broker.settings)) as other_side:
        other_side.delete_topic(topic)
        other_side.create_topic(topic)
        other_side.publish(topic, numbered(3))
    assert len(read_rows(log, topic)[0]) == 3
