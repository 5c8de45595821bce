"""Waiting for what must come."""

import time
from collections.abc import Callable

PATIENCE_SECONDS = 120


def wait_until(what: str, condition: Callable[[], object], said: Callable[[], str] = str) -> None:
    """`said`: what the other side has to say for itself, if it does not come."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {PATIENCE_SECONDS} s\n{said()[-4000:]}"
        time.sleep(0.2)
