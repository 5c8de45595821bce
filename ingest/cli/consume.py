"""`tickhouse topics consume`: what is in a topic, message by message."""

from contextlib import closing
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from ingest.cli.message_text import writer
from ingest.cli.options import Follow, Form
from ingest.cli.output import Format, note

if TYPE_CHECKING:
    from collections.abc import Generator

    from ingest.core.settings import Settings
    from ingest.kafka.peek import Peeked, Place

NEWEST, MOST = 5, 100_000


def consume(
    topic: Annotated[str, typer.Argument(help="Any topic of the broker, e.g. binance.trades.")],
    messages: Annotated[
        int | None,
        typer.Option(
            "--messages", "-n", min=1, max=MOST, help=f"How many; without --from or -f, {NEWEST}: the newest."
        ),
    ] = None,
    begin: Annotated[
        str | None,
        typer.Option("--from", metavar="PLACE", help="`start`, `end`, an offset, or a time (UTC)."),
    ] = None,
    partition: Annotated[int | None, typer.Option(min=0, help="Only this one.")] = None,
    follow: Follow = False,
    form: Form = Format.TABLE,
) -> None:
    """Show messages of a topic as Kafka has them, verbatim. Nothing is landed, nobody's position moves.

    Without --from the newest; with it, from there to the end. --format json and csv give a line for each.
    What is not UTF-8 is shown as bytes.

        tickhouse topics consume binance.trades -n 1
        tickhouse topics consume binance.depth --from start -n 5
        tickhouse topics consume feeds.events -f --format json | jq .payload
    """
    from ingest.core.settings import load_settings

    place = parse_place(begin)
    settings = load_settings()
    write = writer(form)
    count = 0
    with closing(_messages(settings, topic, messages, place, partition, follow=follow)) as found:
        try:
            for one in islice(found, messages):
                write(topic, one)
                count += 1
        except KeyboardInterrupt:
            return
    if not count:
        note(f"There is no message of {topic}{' there' if begin else ' yet'}.")


def parse_place(text: str | None) -> "Place | None":
    """From `start`, `end`, `4711`, `2026-12-01 07:30` or `2026-12-01T07:30:00+01:00`."""
    if text is None or text == "start" or text == "end":
        return text
    if text.isdecimal():
        return int(text)
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"--from {text}: `start`, `end`, an offset, or a time as in 2026-12-01T07:30:00."
        ) from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _messages(
    settings: "Settings",
    topic: str,
    messages: int | None,
    place: "Place | None",
    partition: int | None,
    *,
    follow: bool,
) -> "Generator[Peeked]":
    from ingest.kafka.open import open_log
    from ingest.kafka.peek import newest, onwards, places_of

    with closing(open_log(settings)) as log:
        if place is None and not follow:
            yield from newest(log, topic, messages or NEWEST, partition)
        else:
            places = places_of(log, topic, "end" if place is None else place, partition)
            yield from onwards(log, topic, places, follow=follow)
