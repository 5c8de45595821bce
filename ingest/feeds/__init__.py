"""Where messages come from: one module or package per feed.

    exchange ─▶ Source.messages() ─▶ Message(topic, key, payload, headers) ─▶ publisher ─▶ Kafka

To add a feed:
  1. write a class with a `messages()` method here (ingest/feeds/<venue>.py);
  2. add a row per topic to ingest/core/topics.py;
  3. add the staging folder that decodes it (dbt_project/models/staging/<venue>/).

A source knows nothing of Kafka: it fills in `Message`, somebody else publishes, paces, retries.
It does not parse either: the payload is what the exchange sent, byte for byte. The key is the
symbol, so that a symbol stays in order; `feed_headers` makes the headers.
"""

from collections.abc import Iterator
from typing import Protocol

from ingest.core.message import Message


class Source(Protocol):
    """A feed."""

    def messages(self) -> Iterator[Message]:
        """Yield messages in the order the venue sent them, until the feed ends (a live one never does)."""
        ...
