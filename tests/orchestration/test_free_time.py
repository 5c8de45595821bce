"""The file is left to others: a moment after each hold, and once a second a longer one."""

from types import SimpleNamespace
from typing import Any

import pytest

from orchestration.micro_batch import free_time
from orchestration.micro_batch.free_time import LONG_SECONDS, SHORT_SECONDS, FreeTime


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    clock = SimpleNamespace(now=100.0)
    clock.monotonic = lambda: clock.now
    monkeypatch.setattr(free_time, "time", clock)
    return clock


def hold(clock: SimpleNamespace, free: FreeTime, seconds: float) -> Any:
    free.taken()
    clock.now += seconds
    free.given_back()
    return pytest.approx(free.left)


def test_short_holds_leave_a_moment_each_and_a_longer_one_each_second(clock: SimpleNamespace) -> None:
    free, left = FreeTime(), []
    for _ in range(12):
        left.append(hold(clock, free, 0.2))
        clock.now += free.left
    assert left == [SHORT_SECONDS, SHORT_SECONDS, LONG_SECONDS] * 4


def test_a_hold_of_more_than_a_second_is_followed_by_the_longer_one(clock: SimpleNamespace) -> None:
    assert hold(clock, FreeTime(), 5) == LONG_SECONDS


def test_a_rest_that_was_long_enough_counts(clock: SimpleNamespace) -> None:
    free = FreeTime()
    for _ in range(5):
        assert hold(clock, free, 0.4) == SHORT_SECONDS
        clock.now += 0.6
