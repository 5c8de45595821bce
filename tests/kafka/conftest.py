"""The contract's two sides: the log under test, once with each client, and whoever else uses the broker."""

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
def open_with_client(client: str) -> Iterator[Callable[[Settings], KafkaLog]]:
    """Opens logs with the client under test, and closes them."""
    opened: list[KafkaLog] = []

    def open_one(settings: Settings) -> KafkaLog:
        opened.append(open_log(settings.model_copy(update={"kafka_client": client})))
        return opened[-1]

    yield open_one
    for log in opened:
        log.close()


@pytest.fixture
def log(open_with_client: Callable[[Settings], KafkaLog], settings: Settings) -> KafkaLog:
    return open_with_client(settings)


@pytest.fixture(scope="session")
def other_side(broker: OwnBroker) -> Iterator[OtherSide]:
    other = OtherSide(broker.settings)
    yield other
    other.close()
