"""What a transport yields: one piece of what a venue sent, and when it came. Meaning comes after.

socket, capture file ─▶ Frame ─▶ Address ─▶ Message
"""

from collections.abc import Callable
from typing import NamedTuple

from ingest.core.message import Message


class Frame(NamedTuple):
    """`received_ns` is our clock when it came, in epoch nanoseconds; the payload is the venue's own bytes."""

    received_ns: int
    payload: bytes


Address = Callable[[Frame], Message | None]
"""Gives a frame its topic, key and headers; None for a frame that belongs to no topic."""
