"""`tickhouse publish ticks`: a feed of best bids and asks, right and wrong ones."""

from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING

import typer

from ingest.cli.options import Faults, Messages, Rate, Seed, Start, Symbols, symbols_of
from ingest.cli.output import note
from ingest.cli.publish.deliver import deliver
from ingest.cli.publish.simulated import clock_for, parse_faults, parse_rate

if TYPE_CHECKING:
    from ingest.core.settings import Settings
    from ingest.feeds.ticks import TickFaults, TickStanding


def ticks(
    messages: Messages = None,
    rate: Rate = "20",
    seed: Seed = 7,
    start: Start = None,
    symbols: Symbols = None,
    faults: Faults = None,
) -> None:
    """Ticks of energy markets, made up. What is wrong with one is its rejected reason.

    Without --start they go on where they were: no number is left out where they were stopped.

    tickhouse publish ticks --messages 10000 --rate max --faults crossed=0.01,missing_field=0.01
    tickhouse audit TTF-GAS --date 2026-03-01
    """
    from ingest.core.settings import load_settings
    from ingest.feeds.pacing import paced
    from ingest.feeds.ticks import TickSimulator
    from ingest.operations.left_off import simulating

    markets = parse_markets(symbols)
    per_second = parse_rate(rate)
    chosen = parse_tick_faults(faults)
    settings = load_settings()
    with simulating(settings, "ticks") as is_alone:
        going_on = {} if start else _standings(settings, is_alone=is_alone)
        source = TickSimulator(clock_for(start, per_second, messages), seed, markets, chosen, going_on)
        deliver(settings, paced(islice(source.messages(), messages), per_second))


def _standings(settings: "Settings", *, is_alone: bool) -> "dict[str, TickStanding]":
    """Where each market was, unless another process is there now."""
    from ingest.kafka.topic_admin import ensure_topics
    from ingest.operations.left_off import tick_standings

    if not is_alone:
        note("Another feed of ticks runs: this one has numbers of its own, with a hole between them.")
        return {}
    ensure_topics(settings)
    return tick_standings(settings)


def parse_markets(given: Sequence[str] | None) -> list[str]:
    """Markets that are made up, by name."""
    from ingest.feeds.ticks import START_PRICES

    wanted = symbols_of(given, "TTF-GAS,BRENT,EUA")
    if unknown := [name for name in wanted if name not in START_PRICES]:
        raise typer.BadParameter(f"--symbols {','.join(unknown)}: there are {', '.join(START_PRICES)}.")
    return wanted


def parse_tick_faults(given: Sequence[str] | None) -> "TickFaults":
    """What may be wrong with a tick."""
    from ingest.feeds.ticks import TickFaults

    return parse_faults(given, TickFaults)
