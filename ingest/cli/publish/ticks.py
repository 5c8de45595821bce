"""`tickhouse publish ticks`: a feed of best bids and asks, right and wrong ones."""

from datetime import datetime
from itertools import islice
from typing import Annotated

import typer

from ingest.cli.publish.deliver import deliver
from ingest.cli.publish.simulated import clock_for, parse_faults, parse_rate


def ticks(
    messages: Annotated[int | None, typer.Option(min=1, help="How many; without it, until Ctrl-C.")] = None,
    rate: Annotated[str, typer.Option(help="Messages per second, or `max`.")] = "20",
    seed: Annotated[int, typer.Option(help="The same seed and --start give the same bytes.")] = 7,
    start: Annotated[
        datetime | None, typer.Option(help="Event time of the first message (UTC); without it, now.")
    ] = None,
    symbols: Annotated[str, typer.Option(help="Which markets, separated by commas.")] = "TTF-GAS,BRENT,EUA",
    fault: Annotated[
        list[str] | None,
        typer.Option(help="A fault and its share, e.g. crossed=0.01; may be given several times."),
    ] = None,
) -> None:
    """Ticks of energy markets, made up. What is wrong with one is its rejected reason.

    tickhouse publish ticks --messages 10000 --rate max --fault crossed=0.01 --fault missing_field=0.01
    tickhouse audit --symbol TTF-GAS --date 2026-03-01
    """
    from ingest.core.settings import load_settings
    from ingest.feeds.pacing import paced
    from ingest.feeds.ticks import START_PRICES, TickFaults, TickSimulator

    wanted = [name.strip().upper() for name in symbols.split(",")]
    unknown = [name for name in wanted if name not in START_PRICES]
    if unknown:
        raise typer.BadParameter(f"--symbols {','.join(unknown)}: there are {', '.join(START_PRICES)}.")
    per_second = parse_rate(rate)
    faults = parse_faults(fault or [], TickFaults)
    source = TickSimulator(clock_for(start, per_second, messages), seed, wanted, faults)
    deliver(load_settings(), paced(islice(source.messages(), messages), per_second))
