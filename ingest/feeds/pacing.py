"""Let messages through at a steady rate, or with the pauses that were between them when they happened."""

import time
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from typing import TypeVar

from ingest.core.message import Message

Item = TypeVar("Item")

SHORTEST_SLEEP_SECONDS = 0.005
"""Sleeping is not more exact than this: at high rates several messages go in one batch."""
FORGIVEN_SECONDS = 1.0


def paced(messages: Iterator[Message], messages_per_second: float | None) -> Iterator[Message]:
    """The same messages, so many a second; `None` means as fast as they are taken.

    Each is asked for when its turn comes, so a live feed stamps it with that time. When the taker was
    held up for longer than a second, the lost time is not made up: a feed does not race afterwards.
    """
    if messages_per_second is None:
        yield from messages
        return
    started = time.monotonic()
    for turn in count():
        ahead = started + turn / messages_per_second - time.monotonic()
        if ahead > SHORTEST_SLEEP_SECONDS:
            time.sleep(ahead)
        elif ahead < -FORGIVEN_SECONDS:
            started -= ahead
        message = next(messages, None)
        if message is None:
            return
        yield message


def at_recorded_times(
    items: Iterable[Item], recorded_ns: Callable[[Item], int], speed: float | None
) -> Iterator[Item]:
    """The same items, as far apart as they were, `speed` times faster; `None` means without a pause.

    Time that steps back, or is unknown (0), is no pause. As in `paced`, a long hold-up is not made up.
    """
    if speed is None:
        yield from items
        return
    started, before_ns, played = time.monotonic(), 0, 0.0
    for item in items:
        now_ns = recorded_ns(item)
        if now_ns and before_ns:
            played += max(now_ns - before_ns, 0) / 1e9 / speed
        before_ns = now_ns or before_ns
        ahead = started + played - time.monotonic()
        if ahead > SHORTEST_SLEEP_SECONDS:
            time.sleep(ahead)
        elif ahead < -FORGIVEN_SECONDS:
            started -= ahead
        yield item
