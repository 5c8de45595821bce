"""What every feed's command does with its messages: on to Kafka, until they end or Ctrl-C."""

import signal
import sys
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from ingest.core.message import Message
    from ingest.core.settings import Settings
    from ingest.feeds.health import FeedLog
    from ingest.kafka.publisher import Publisher

LIVE_PATIENCE_SECONDS = 600.0
"""A live feed that ends loses what comes next: it waits for Kafka much longer than a replay."""
KEEP_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Progress:
    """Of a file that is played: its size, how far it has come, and what to do once that is in Kafka."""

    size: int
    position: Callable[[], int]
    keep: Callable[[int], None]


def deliver(
    settings: "Settings",
    messages: "Iterator[Message]",
    patience_seconds: float | None = None,
    progress: Progress | None = None,
    log: "FeedLog | None" = None,
) -> None:
    """Publish all of them, and say how many and how fast. Ctrl-C or `kill` deliver what was taken.

    A live feed has a `log`: how it fares is written down and said.
    """
    from ingest.kafka.open import open_publisher
    from ingest.kafka.publisher import PATIENCE_SECONDS
    from ingest.kafka.topic_admin import ensure_topics

    ensure_topics(settings)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    count, began = 0, time.monotonic()
    # A source that is left early lets go of its connections at once.
    ending = closing(messages) if isinstance(messages, Generator) else nullcontext()
    try:
        with (
            open_publisher(settings, patience_seconds or PATIENCE_SECONDS) as publisher,
            ending,
            log or nullcontext(),
        ):
            for message in _followed(messages, publisher, progress) if progress else messages:
                if log:
                    log.seen(message)
                publisher.publish(message)
                count += 1
    except KeyboardInterrupt:
        typer.echo("Stopped; what was taken is delivered.")
    if progress:
        progress.keep(progress.position())
    seconds = time.monotonic() - began
    typer.echo(f"{count} messages in {seconds:.1f} s ({count / max(seconds, 1e-9):.0f}/s).")


def _followed(
    messages: "Iterator[Message]", publisher: "Publisher", progress: Progress
) -> "Iterator[Message]":
    """The same messages; now and then all before one are delivered, and the place is kept."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("", total=progress.size, completed=progress.position())
        due = time.monotonic() + KEEP_SECONDS
        for message in messages:
            if time.monotonic() >= due:
                publisher.flush()
                progress.keep(progress.position())
                bar.update(task, completed=progress.position())
                due = time.monotonic() + KEEP_SECONDS
            yield message
        bar.update(task, completed=progress.size)
