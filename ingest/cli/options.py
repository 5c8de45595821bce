"""Options that several commands have: one spelling, one help, and one way to read a list."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import typer

from ingest.cli.output import Format

Form = Annotated[Format, typer.Option("--format", help="How to print.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Follow = Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes, until Ctrl-C.")]
Port = Annotated[int, typer.Option("--port", min=1, max=65535, help="Where it listens.")]
Symbol = Annotated[str, typer.Option("--symbol", help="Whose data it is, e.g. BTCUSDT.")]
Symbols = Annotated[
    list[str] | None,
    typer.Option("--symbols", metavar="NAMES", help="Which markets, separated by commas."),
]
Topics = Annotated[
    list[str] | None,
    typer.Option("--topics", metavar="NAMES", help="Only these topics, separated by commas."),
]
Venue = Annotated[str | None, typer.Option("--venue", help="The exchange, if several have the market.")]
Since = Annotated[datetime | None, typer.Option("--since", help="From then on (UTC).")]
Until = Annotated[datetime | None, typer.Option("--until", help="Before then (UTC).")]
Messages = Annotated[
    int | None,
    typer.Option("--messages", "-n", min=1, help="How many; without it, until Ctrl-C."),
]
Rate = Annotated[str, typer.Option("--rate", help="Messages per second, or `max`.")]
Seed = Annotated[int, typer.Option("--seed", help="The same seed and --start give the same bytes.")]
Start = Annotated[
    datetime | None,
    typer.Option("--start", help="Event time of the first message (UTC); without it, now."),
]
Faults = Annotated[
    list[str] | None,
    typer.Option("--faults", metavar="NAME=SHARE", help="Faults and their shares, separated by commas."),
]
Channels = Annotated[
    list[str] | None,
    typer.Option("--channels", metavar="NAMES", help="Which of their streams, separated by commas."),
]
Futures = Annotated[bool, typer.Option("--futures", help="USD-M futures instead of spot.")]
Speed = Annotated[
    str,
    typer.Option("--speed", help="`1x`: as recorded, `60x`: sixty times faster, `max`: without pauses."),
]


def listed(given: Sequence[str] | None, default: str = "") -> list[str]:
    """Each once: of what was separated by commas, given several times, or both; else of the default."""
    texts = [default] if given is None else given
    names = (name.strip() for text in texts for name in text.split(","))
    return list(dict.fromkeys(name for name in names if name))


def symbols_of(given: Sequence[str] | None, default: str) -> list[str]:
    """`btcusdt, ETHUSDT` as venues write them."""
    found = list(dict.fromkeys(name.upper() for name in listed(given, default)))
    if not found:
        raise typer.BadParameter("--symbols: at least one.")
    return found
