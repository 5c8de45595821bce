"""What every feed's command does with its messages: on to Kafka, until they end or Ctrl-C."""

import signal
import time
from collections.abc import Generator, Iterator
from contextlib import closing, nullcontext
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from ingest.message import Message
    from ingest.settings import Settings


LIVE_PATIENCE_SECONDS = 600.0
"""A live feed that ends loses what comes next: it waits for Kafka much longer than a replay."""


def deliver(
    settings: "Settings", messages: "Iterator[Message]", patience_seconds: float | None = None
) -> None:
    """Publish all of them, and say how many and how fast. Ctrl-C or `kill` deliver what was taken."""
    from ingest.kafka.open import open_publisher
    from ingest.kafka.publisher import PATIENCE_SECONDS
    from ingest.kafka.topic_admin import ensure_topics

    ensure_topics(settings)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    count, began = 0, time.monotonic()
    # A source that is left early lets go of its connections at once.
    ending = closing(messages) if isinstance(messages, Generator) else nullcontext()
    try:
        with open_publisher(settings, patience_seconds or PATIENCE_SECONDS) as publisher, ending:
            for message in messages:
                publisher.publish(message)
                count += 1
    except KeyboardInterrupt:
        typer.echo("Stopped; what was taken is delivered.")
    seconds = time.monotonic() - began
    typer.echo(f"{count} messages in {seconds:.1f} s ({count / max(seconds, 1e-9):.0f}/s).")
