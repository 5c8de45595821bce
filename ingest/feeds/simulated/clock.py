"""Two clocks: the exchange's, when something happened, and ours, when its message arrived."""

import time
from abc import ABC, abstractmethod
from datetime import datetime
from random import Random

NS_PER_MS = 1_000_000
LATENCY_MS = (1.5, 8.0)
"""The shortest and longest way from the exchange to us."""


class Clock(ABC):
    """The time of one message after the other; `tick` goes on to the next."""

    def __init__(self) -> None:
        random = Random(0)  # noqa: S311 - not a secret
        self._latencies_ns = [int(random.uniform(*LATENCY_MS) * NS_PER_MS) for _ in range(1024)]
        self._count = 0
        self.received_ns = 0
        self.event_ms = 0
        self._set()

    def tick(self) -> None:
        self._count += 1
        self._set()

    @abstractmethod
    def now_ns(self, count: int) -> int:
        """Our time when message number `count` arrives."""

    def _set(self) -> None:
        self.received_ns = self.now_ns(self._count)
        event_ms = (self.received_ns - self._latencies_ns[self._count & 1023]) // NS_PER_MS
        # A faster message does not turn the exchange's clock back; a clock that is set back does.
        if not 0 < self.event_ms - event_ms < LATENCY_MS[1]:
            self.event_ms = event_ms


class RateClock(Clock):
    """Time that follows the messages, so that a run can be repeated byte for byte."""

    def __init__(self, start: datetime, messages_per_second: float) -> None:
        self._start_ns = int(start.timestamp() * 1000) * NS_PER_MS
        self._interval_ns = 1e9 / messages_per_second
        super().__init__()

    def now_ns(self, count: int) -> int:
        return self._start_ns + int(count * self._interval_ns)


class WallClock(Clock):
    """Real time, for a live feed."""

    def now_ns(self, count: int) -> int:  # noqa: ARG002
        return time.time_ns()
