"""The embedded broker: its data outlive it, and what goes wrong at its start is said."""

import os
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from kafka import KafkaProducer

from ingest.core.errors import BrokerUnavailable, DiskFull, ServiceFailed
from ingest.core.settings import Settings
from ingest.kafka.open import open_log
from ingest.kafka.topic_admin import describe_topics
from ingest.services import broker, ports, service_log
from tests.support.broker import OwnBroker
from tests.support.reading import read_rows


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A stranger's server on some port."""
    with socket.socket() as stranger:
        stranger.bind((ports.LOOPBACK, 0))
        stranger.listen()
        yield stranger


def publish(bootstrap: str, topic: str, values: list[bytes]) -> None:
    with KafkaProducer(bootstrap_servers=bootstrap) as producer:
        for value in values:
            producer.send(topic, value, partition=0)
        producer.flush()


def read(settings: Settings, topic: str) -> list[bytes | None]:
    with closing(open_log(settings)) as log:
        return [row.value for row in read_rows(log, topic)[0]]


@pytest.mark.slow
@pytest.mark.parametrize("ending", [OwnBroker.stop, OwnBroker.kill])
def test_messages_outlive_the_broker(own_broker, topic_factory, ending):
    topic = topic_factory(on=own_broker.settings)
    publish(own_broker.bootstrap, topic.name, [b"before"])

    ending(own_broker)
    own_broker.start()

    publish(own_broker.bootstrap, topic.name, [b"after"])
    assert read(own_broker.settings, topic.name) == [b"before", b"after"]


@pytest.mark.slow
def test_status_tells_apart_stopped_and_died(own_broker):
    def state() -> str:
        return broker.status(own_broker.settings).state

    assert state() == "running"
    own_broker.kill()
    assert state() == "died"
    own_broker.start()
    assert state() == "running"
    own_broker.stop()
    assert state() == "stopped"


def test_starting_a_running_broker_changes_nothing(broker):
    pid = pid_of(broker)

    broker.start()

    assert pid_of(broker) == pid


def test_a_pid_that_now_belongs_to_another_program_is_let_alone(tmp_path):
    settings = Settings(tickhouse_home=tmp_path)
    settings.kafka_home.mkdir()
    (settings.kafka_home / "broker.pid").write_text(f"{os.getpid()}\n")

    assert broker.status(settings).state == "died"
    broker.stop(settings)

    assert broker.status(settings).state == "stopped"


def test_the_port_that_was_asked_for_is_taken(tmp_path, listener):
    port = listener.getsockname()[1]
    settings = Settings(tickhouse_home=tmp_path, embedded_kafka_port=port)

    with pytest.raises(
        ServiceFailed, match=rf"Port {port} is taken by .*pid {os.getpid()},.*EMBEDDED_KAFKA_PORT"
    ):
        broker.start(settings)

    assert broker.status(settings).state == "stopped"


def test_the_broker_of_another_home_is_not_taken_for_ours(tmp_path, broker):
    settings = Settings(tickhouse_home=tmp_path, embedded_kafka_port=broker.settings.embedded_kafka_port)

    with pytest.raises(BrokerUnavailable, match="the embedded broker does not run"):
        describe_topics(settings)


@pytest.mark.slow
def test_another_port_is_taken_when_none_was_asked_for(tmp_path, listener):
    taken = listener.getsockname()[1]

    class WithThatDefault(Settings):
        embedded_kafka_port: int = taken

    settings = WithThatDefault(tickhouse_home=tmp_path)
    try:
        broker.start(settings)
        assert settings.bootstrap_servers != f"{ports.LOOPBACK}:{taken}"
        assert broker.is_up(settings)
    finally:
        broker.stop(settings)


@pytest.mark.slow
def test_a_broker_that_does_not_come_up_shows_why(own_broker):
    own_broker.stop()
    identity = own_broker.settings.kafka_home / "data" / "meta.properties"
    identity.write_text(identity.read_text().replace("node.id=1", "node.id=7"))

    with pytest.raises(
        ServiceFailed, match=r"(?s)ended while it was starting.*Stored node id 7 doesn't match"
    ):
        own_broker.start()


def test_a_full_disk_is_called_that(tmp_path: Path):
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "broker.log").write_text("ERROR java.io.IOException: No space left on device\n")

    assert isinstance(service_log.failure(tmp_path, 0, "ended"), DiskFull)


def pid_of(running: OwnBroker) -> int | None:
    return broker.status(running.settings).pid
