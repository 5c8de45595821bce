"""What waits for messages is told when one comes, and sleeps as long as none does."""

import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from ingest.core.settings import Settings
from ingest.kafka.arrivals import Arrivals
from tests.support.other_side import OtherSide, numbered

LONG = 60.0


@pytest.fixture
def arrivals(settings: Settings) -> Iterator[Arrivals]:
    with closing(Arrivals(settings)) as waiting:
        yield waiting


def test_what_is_there_already_has_come(arrivals: Arrivals, other_side: OtherSide) -> None:
    one, other = other_side.create_topic(partitions=2), other_side.create_topic()
    other_side.publish(one, numbered(3), 1)
    assert arrivals.wait({one: {0: 0, 1: 2}, other: {0: 0}}, LONG)


def test_what_comes_meanwhile_ends_the_waiting(arrivals: Arrivals, other_side: OtherSide) -> None:
    topic = other_side.create_topic()
    later = threading.Timer(0.3, other_side.publish, (topic, numbered(1)))
    later.start()
    assert arrivals.wait({topic: {0: 0}}, LONG)
    later.join()


def test_what_was_landed_is_not_told_again(arrivals: Arrivals, other_side: OtherSide) -> None:
    """Positions move between one wait and the next, partitions come and go."""
    one, other = other_side.create_topic(), other_side.create_topic()
    other_side.publish(one, numbered(3))
    assert arrivals.wait({one: {0: 0}}, LONG)
    assert not arrivals.wait({one: {0: 3}}, 0.2)
    other_side.publish(other, numbered(1))
    assert arrivals.wait({one: {0: 3}, other: {0: 0}}, LONG)
    assert not arrivals.wait({one: {0: 3}, other: {0: 1}}, 0.2)


@pytest.mark.parametrize("trouble", ["no position", "beyond the end", "no topic"])
def test_whoever_waits_never_spins(arrivals: Arrivals, other_side: OtherSide, trouble: str) -> None:
    """What is wrong there the next turn says; until then it takes its time."""
    topic = other_side.create_topic()
    positions = {
        "no position": {},
        "beyond the end": {topic: {0: 99}},
        "no topic": {"no.such.topic": {0: 0}},
    }[trouble]
    began = time.monotonic()
    assert not arrivals.wait(positions, 0.3)
    assert time.monotonic() - began >= 0.3


def test_a_broker_that_is_away_takes_its_time(settings: Settings) -> None:
    nobody = settings.model_copy(update={"kafka_bootstrap_servers": "127.0.0.1:1"})
    began = time.monotonic()
    assert not Arrivals(nobody).wait({"trades": {0: 0}}, 0.3)
    assert time.monotonic() - began >= 0.3
