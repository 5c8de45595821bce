"""The log and the publishers (once with each client) under test, and whoever else uses the broker."""

from collections.abc import Callable, Iterator, Mapping

import pytest

from ingest.core.settings import Settings
from ingest.kafka.log import KafkaLog
from ingest.kafka.open import open_log
from tests.support.broker import OwnBroker
from tests.support.other_side import OtherSide

Windows = Mapping[int, tuple[int, int]]


CLIENTS = ("kafka-python", "confluent")


@pytest.fixture(params=CLIENTS)
def client(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def opening() -> Iterator[Callable[[Settings], KafkaLog]]:
    """Opens logs, and closes them."""
    opened: list[KafkaLog] = []

    def open_one(settings: Settings) -> KafkaLog:
        opened.append(open_log(settings))
        return opened[-1]

    yield open_one
    for log in opened:
        log.close()


@pytest.fixture
def log(opening: Callable[[Settings], KafkaLog], settings: Settings) -> KafkaLog:
    return opening(settings)


@pytest.fixture(scope="session")
def other_side(broker: OwnBroker) -> Iterator[OtherSide]:
    other = OtherSide(broker.settings)
    yield other
    other.close()
