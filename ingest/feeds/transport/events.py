"""What a source knows besides its data: when it was connected, and what it could not place.

These are messages like all others (topic feeds.events), so that gaps can be explained from the warehouse.
"""

import json
import time

from ingest.core.message import Message, feed_headers
from ingest.feeds.frame import Frame

TOPIC = "feeds.events"
UNADDRESSED = "unaddressed"


def feed_event(venue: str, kind: str, connection: str, detail: str = "") -> Message:
    """`kind`: connected, disconnected, silent, renewed, snapshot_failed, not_filled."""
    now_ns = time.time_ns()
    body = {"at": now_ns // 1_000_000, "kind": kind, "connection": connection, "detail": detail}
    payload = json.dumps(body, separators=(",", ":")).encode()
    return Message(TOPIC, venue.encode(), payload, feed_headers(venue, "", kind, now_ns))


def unaddressed(venue: str, frame: Frame) -> Message:
    """A frame that belongs to no topic, as it came."""
    headers = feed_headers(venue, "", UNADDRESSED, frame.received_ns)
    return Message(TOPIC, venue.encode(), frame.payload, headers)
