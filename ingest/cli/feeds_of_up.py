"""What `tickhouse up --feed` publishes: the command that does it, and the options that it takes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import typer

from ingest.cli.options import symbols_of
from ingest.cli.publish.simulated import parse_rate, parse_simulated_faults, parse_symbols
from ingest.cli.publish.ticks import parse_markets, parse_tick_faults

Check = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Feed:
    """A command, and what raises typer.BadParameter for a value of one of its options."""

    command: Sequence[str]
    options: Mapping[str, Check] = field(default_factory=dict)


NAMES: Mapping[str, Check] = {"--symbols": lambda text: symbols_of([text], "")}
SIMULATED: Mapping[str, Check] = {
    "--symbols": lambda text: parse_symbols([text]),
    "--rate": parse_rate,
    "--faults": lambda text: parse_simulated_faults([text]),
}
TICKS: Mapping[str, Check] = {
    "--symbols": lambda text: parse_markets([text]),
    "--rate": parse_rate,
    "--faults": lambda text: parse_tick_faults([text]),
}
FEEDS = {
    "simulated": Feed(["publish", "simulated", "--rate", "60"], SIMULATED),
    "binance": Feed(["publish", "binance"], NAMES),
    "coinbase": Feed(["publish", "coinbase"], NAMES),
    "kraken": Feed(["publish", "kraken"], NAMES),
    "replay": Feed(["publish", "samples"]),
    "ticks": Feed(["publish", "ticks"], TICKS),
    "none": Feed([]),
}


def feed_command(feed: str, given: Mapping[str, str]) -> list[str] | None:
    """As arguments of `tickhouse`; None: nothing is published. typer.BadParameter for what cannot be."""
    if feed not in FEEDS:
        raise typer.BadParameter(f"--feed {feed}: there are {', '.join(FEEDS)}.")
    found = FEEDS[feed]
    for option, value in given.items():
        if option not in found.options:
            taken = ", ".join(found.options) or "none of its own"
            raise typer.BadParameter(f"{option} is not for --feed {feed}. It takes {taken}.")
        found.options[option](value)
    if not found.command:
        return None
    return [*found.command, *(word for pair in given.items() for word in pair)]


def captured_venue(feed: str) -> str:
    """Whose answers fill the tables: the exchange itself where it is the feed, else one without a network."""
    return "binance" if feed == "binance" else "simulated"


def tables_command(feed: str) -> list[str]:
    """What fills the tables."""
    return ["publish", "cdc", "--exchange", captured_venue(feed)]
