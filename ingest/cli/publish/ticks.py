"""`tickhouse publish ticks`: a feed of best bids and asks, right and wrong ones."""

from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING

import typer

from ingest.cli.options import Faults, Messages, Rate, Seed, Start, Symbols, symbols_of
from ingest.cli.publish.deliver import deliver
from ingest.cli.publish.simulated import clock_for, parse_faults, parse_rate

if TYPE_CHECKING:
    from ingest.feeds.ticks import TickFaults


def ticks(
    messages: Messages = None,
    rate: Rate = "20",
    seed: Seed = 7,
    start: Start = None,
    symbols: Symbols = None,
    faults: Faults = None,
) -> None:
    """Ticks of energy markets, made up. What is wrong with one is its rejected reason.

    tickhouse publish ticks --messages 10000 --rate max --faults crossed=0.01,missing_field=0.01
    tickhouse audit TTF-GAS --date 2026-03-01
    """
    from ingest.core.settings import load_settings
    from ingest.feeds.pacing import paced
    from ingest.feeds.ticks import TickSimulator

    markets = parse_markets(symbols)
    per_second = parse_rate(rate)
    chosen = parse_tick_faults(faults)
    source = TickSimulator(clock_for(start, per_second, messages), seed, markets, chosen)
    deliver(load_settings(), paced(islice(source.messages(), messages), per_second))


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
