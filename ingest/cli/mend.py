"""`tickhouse replay`, `repair` and `fill`: build again what has landed, land again what is missing."""

from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from ingest.cli.options import Since, Topics, Until, listed
from ingest.cli.output import note, say

if TYPE_CHECKING:
    from ingest.warehouse.replay import Batches

TopicName = Annotated[str, typer.Argument(help="A name of the topic table, e.g. binance.trades.")]


def replay(
    topic: TopicName,
    since: Since = None,
    until: Until = None,
    batches: Annotated[
        str | None, typer.Option(help="Or by batch, e.g. 120-180; raw rows carry their batch_id.")
    ] = None,
) -> None:
    """Have the marts built again from raw messages that have landed; without a range of times of publishing,
    from all of them.

    For after a decoder was mended. Nothing is read from Kafka, and only rows that come out otherwise change.
    The next build does it: a micro-batch run at its next turn, or `tickhouse build`.

        tickhouse replay binance.trades --since 2026-11-20 --until 2026-11-21T12:00:00
    """
    from ingest.core.settings import load_settings
    from ingest.core.topics import find_topics
    from ingest.warehouse.open import open_warehouse
    from ingest.warehouse.replay import batches_between
    from ingest.warehouse.replay import replay as mark

    if since and until and (_utc(since) or since) >= (_utc(until) or until):
        raise typer.BadParameter(f"--since {since} is not before --until {until}.")
    [found] = find_topics([topic])
    settings = load_settings()
    with open_warehouse(settings) as warehouse:
        chosen = _named(batches)
        if chosen is None and (since or until):
            with warehouse.reading() as connection:
                chosen = batches_between(connection, found, _utc(since), _utc(until))
        done = mark(warehouse, found, chosen)
    say(
        f"Batches {done.batches.first} to {done.batches.last} ({done.row_count} messages) count as new "
        f"again, as batch {done.batch_id}."
    )


def _named(batches: str | None) -> "Batches | None":
    """From `120-180` or `120`."""
    from ingest.warehouse.replay import Batches

    if batches is None:
        return None
    first, _, last = batches.partition("-")
    if not (first.isdigit() and (last or first).isdigit()):
        raise typer.BadParameter(f"--batches {batches}: a number, or two with a dash between.")
    if last and int(first) > int(last):
        raise typer.BadParameter(f"--batches {batches}: {first} comes after {last}.")
    return Batches(int(first), int(last or first))


def _utc(time: datetime | None) -> datetime | None:
    """Times in the warehouse are UTC without a zone."""
    return time.astimezone(UTC).replace(tzinfo=None) if time is not None and time.tzinfo else time


def repair(topics: Topics = None) -> None:
    """Land what raw lacks and Kafka still has: rows that were deleted, ranges that were written down as lost.

    Nothing lands twice. What Kafka has no more is written down as lost. Safe beside a running Dagster.
    """
    from ingest.core.settings import load_settings
    from ingest.core.topics import find_topics
    from ingest.drain.repair import repair as fill
    from ingest.kafka.open import open_log
    from ingest.warehouse.open import open_warehouse

    settings = load_settings()
    rows = 0
    with closing(open_log(settings)) as log, open_warehouse(settings) as warehouse:
        for one in find_topics(listed(topics)):
            for filled in fill(log, warehouse, one):
                rows += filled.row_count
                say(f"{filled.hole}: {filled.row_count} landed")
                for lost in filled.lost:
                    note(f"{lost} is not in Kafka any more: written down as lost.")
    say(f"{rows} messages landed that raw lacked.")


def fill() -> None:
    """Ask Binance's REST for trades and candles that marts.fct_feed_gaps says are missing.

    They go through the same topics as the live ones; the next drain and build close the gaps. What the
    venue has no more is said to be unfillable. In Dagster the job `fill_gaps` does the same.
    """
    from ingest.core.settings import load_settings
    from ingest.feeds.binance.fill import BinanceFill
    from ingest.kafka.publish_all import publish_all
    from ingest.operations.fill import gaps_to_fill
    from ingest.warehouse.open import open_warehouse

    settings = load_settings()
    with open_warehouse(settings) as warehouse, warehouse.reading() as connection:
        gaps = gaps_to_fill(connection)
    for gap in gaps:
        say(f"{gap.venue} {gap}")
    published = publish_all(settings, BinanceFill(settings, gaps).messages()) if gaps else {}
    told = ", ".join(f"{count} in {topic}" for topic, count in published.items())
    say(f"{len(gaps)} gaps; published: {told or 'nothing'}.")
