"""`tickhouse publish ohlcv` and `tickhouse publish l2`: market data from CSV files."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ingest.cli.options import Speed, Symbol
from ingest.cli.publish.capture import parse_speed
from ingest.cli.publish.deliver import Progress, deliver

if TYPE_CHECKING:
    from collections.abc import Callable

    from ingest.core.settings import Settings
    from ingest.feeds.csv.layout import Layout
    from ingest.feeds.csv.playback import Destination

File = Annotated[Path, typer.Argument(help="The CSV file.")]
Venue = Annotated[str, typer.Option(help="Where it is from.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on where the last replay of this file stopped.")]


def ohlcv(
    file: File,
    symbol: Symbol,
    venue: Venue = "csv",
    interval: Annotated[str, typer.Option(help="How long a bar is.")] = "1m",
    column: Annotated[
        list[str] | None,
        typer.Option(help="Which column is which, e.g. open='Open Price'; may be given several times."),
    ] = None,
    speed: Speed = "max",
    resume: Resume = False,
) -> None:
    """Bars: datetime, open, high, low, close, volume. Times are epochs or text, in UTC or with an offset.

    Numbers may be 1234.5, "1,234.5" or 1.2345e3. A row that cannot be taken
    apart ends it and is named by its line, which messages have as file_line.

    tickhouse publish ohlcv BTC_1min.csv --symbol BTCUSDT --resume
    tickhouse publish ohlcv prices.csv --symbol ETHUSD --column datetime=Date --column volume='Volume ETH'
    """
    from ingest.core.settings import load_settings
    from ingest.feeds.csv.layout import ohlcv_layout
    from ingest.feeds.csv.playback import Destination

    named = parse_columns(column or [])
    destination = Destination("replay.ohlcv", venue, symbol, f"ohlcv_{interval}")
    layout = partial(ohlcv_layout, file, named=named)
    play(load_settings(), file, destination, layout, speed, resume)


def l2(
    file: File, symbol: Symbol, venue: Venue = "coinbase", speed: Speed = "max", resume: Resume = False
) -> None:
    """One-second order books: midpoint, and 15 levels a side with distances and notionals.

    tickhouse publish l2 BTC_1sec.csv --symbol BTC-USD --speed 1x
    """
    from ingest.core.settings import load_settings
    from ingest.feeds.csv.layout import l2_layout
    from ingest.feeds.csv.playback import Destination

    destination = Destination("replay.second_books", venue, symbol, "l2_1s")
    play(load_settings(), file, destination, partial(l2_layout, file), speed, resume)


def play(
    settings: "Settings",
    file: Path,
    destination: "Destination",
    layout: "Callable[[list[str]], Layout]",
    speed: str,
    resume: bool,
) -> None:
    """Publish the rows, and remember how far it came."""
    from ingest.core.errors import InputInvalid
    from ingest.feeds.csv.bookmark import Bookmark
    from ingest.feeds.csv.playback import CsvPlayback
    from ingest.feeds.csv.rows import CsvRows

    if not file.is_file():
        raise InputInvalid(f"There is no file {file}.")
    pace = parse_speed(speed)
    bookmark = Bookmark(settings.tickhouse_home / "replays", file, destination.topic, destination.symbol)
    rows = CsvRows(file, bookmark.read() if resume else 0)
    replay = CsvPlayback(rows, layout(rows.columns), destination, pace)
    deliver(
        settings,
        replay.messages(),
        progress=Progress(rows.size, lambda: replay.position, bookmark.write),
    )


def parse_columns(pairs: list[str]) -> dict[str, str]:
    """`open=Open Price` pairs: what a field is called in the file."""
    from ingest.feeds.csv.layout import OHLCV

    named = {}
    for pair in pairs:
        field, _, name = pair.partition("=")
        if field not in OHLCV or not name:
            raise typer.BadParameter(f"--column {pair}: <field>=<column>, with one of {', '.join(OHLCV)}.")
        named[field] = name.strip()
    return named
