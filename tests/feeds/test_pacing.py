"""Messages come at the rate asked for. Time is a clock of the test's own: nothing here sleeps."""

import time
from collections.abc import Iterator
from itertools import islice

import pytest

from ingest.core.message import Message
from ingest.feeds.pacing import paced


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0
        self.sleeps = 0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds
        self.sleeps += 1


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", clock.monotonic)
    monkeypatch.setattr(time, "sleep", clock.sleep)
    return clock


def endless(clock: Clock) -> Iterator[Message]:
    """Messages that tell when they were asked for."""
    while True:
        yield Message("t", b"k", str(clock.now).encode())


def made_at(messages: list[Message]) -> list[float]:
    return [float(message.payload or b"") - 1_000.0 for message in messages]


def test_each_message_is_asked_for_when_its_turn_comes(clock: Clock) -> None:
    messages = list(islice(paced(endless(clock), 10), 5))
    assert made_at(messages) == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4])


def test_at_high_rates_it_sleeps_once_for_many(clock: Clock) -> None:
    messages = list(islice(paced(endless(clock), 10_000), 10_001))
    assert made_at(messages)[-1] == pytest.approx(1.0, abs=0.01)
    assert 100 < clock.sleeps < 250


def test_a_short_delay_is_made_up(clock: Clock) -> None:
    messages = paced(endless(clock), 10)
    next(messages)
    clock.now += 0.5
    assert made_at(list(islice(messages, 10)))[-1] == pytest.approx(1.0)


def test_a_long_delay_is_not(clock: Clock) -> None:
    messages = paced(endless(clock), 10)
    next(messages)
    clock.now += 60.0
    assert made_at(list(islice(messages, 11)))[-1] == pytest.approx(61.0)


def test_without_a_rate_it_never_sleeps(clock: Clock) -> None:
    assert len(list(islice(paced(endless(clock), None), 1_000))) == 1_000
    assert clock.sleeps == 0


def test_it_ends_when_the_messages_end(clock: Clock) -> None:
    assert len(list(paced(islice(endless(clock), 3), 10))) == 3
