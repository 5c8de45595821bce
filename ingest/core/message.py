"""What a source yields: one message as it goes to Kafka, the exchange's own bytes untouched."""

from typing import NamedTuple


class Message(NamedTuple):
    """One Kafka message before it is published; made by the hundred thousand, so it is as light as it can be.

    `payload` is what the exchange sent, byte for byte; what we know besides goes into headers.
    `topic` is a name of the topic table (ingest/core/topics.py).
    """

    topic: str
    key: bytes
    payload: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


def feed_headers(venue: str, symbol: str, channel: str, received_ns: int) -> tuple[tuple[str, bytes], ...]:
    """The headers every feed message carries; `received_at` is our clock, in epoch nanoseconds."""
    return (
        ("venue", venue.encode()),
        ("symbol", symbol.encode()),
        ("channel", channel.encode()),
        ("received_at", str(received_ns).encode()),
    )
