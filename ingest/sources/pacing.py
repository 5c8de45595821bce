"""Let messages through at a steady rate."""

import time
from collections.abc import Iterator
from itertools import count

from ingest.message import Message

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
