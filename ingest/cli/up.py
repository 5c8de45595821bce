"""`tickhouse up`: everything live, until Ctrl-C."""

import signal
import time
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from ingest.services.stack import Stack
    from ingest.settings import Settings

LOOK_SECONDS = 0.5
FEEDS = ("simulated", "binance", "none")


def up(
    feed: Annotated[
        str,
        typer.Option(help="What to publish: `simulated`, `binance`, or `none` if you fill the topics."),
    ] = "simulated",
    rate: Annotated[str, typer.Option(help="Messages per second of the simulated exchange.")] = "60",
    port: Annotated[int, typer.Option(help="Where the Dagster UI listens.")] = 3000,
) -> None:
    """Start the broker, a feed and the Dagster UI; one Ctrl-C stops them all.

    A second `tickhouse up` goes on where the first stopped. Another instance beside this one:

        TICKHOUSE_HOME=/somewhere/else tickhouse up --port 3001
    """
    from rich.console import Console

    from ingest.errors import SettingsInvalid
    from ingest.services.stack import Stack
    from ingest.settings import load_settings

    if feed not in FEEDS:
        raise SettingsInvalid(f"There is no feed {feed!r}. Try one of: {', '.join(FEEDS)}.")
    # `kill` stops everything in order, as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    console = Console(highlight=False)
    settings = load_settings()
    began = time.monotonic()
    with Stack(settings, port) as stack:
        try:
            with console.status("Starting the broker, the feed and Dagster ..."):
                stack.start(feed_command(feed, rate))
            console.print(f"The Dagster UI is at [bold]{stack.url}[/] ({time.monotonic() - began:.0f} s).")
            _watch(stack, settings, console, began)
        except KeyboardInterrupt:
            console.print("\nStopping ...")
    console.print("Stopped. `tickhouse up` goes on from here.")


def feed_command(feed: str, rate: str) -> list[str] | None:
    """What publishes it, as arguments of `tickhouse`."""
    if feed == "none":
        return None
    return ["publish", feed, *(["--rate", rate] if feed == "simulated" else [])]


def _watch(stack: "Stack", settings: "Settings", console: "Console", began: float) -> None:
    """Say when the first marts hold rows; after that only that something has ended by itself."""
    told = False
    while True:
        stack.check()
        if not told and (candles := _candle_count(settings)):
            console.print(
                f"The first marts hold rows ({candles} candles, {time.monotonic() - began:.0f} s). Try:\n"
                '  tickhouse sql "from marts.fct_candles_1m order by window_start_at desc limit 5"\n'
                "Ctrl-C stops everything."
            )
            told = True
        time.sleep(LOOK_SECONDS)


def _candle_count(settings: "Settings") -> int:
    import duckdb

    from ingest.errors import WarehouseBusy
    from ingest.warehouse.duckdb_file import DuckDbFile

    try:
        with DuckDbFile(settings.warehouse_path).reading(wait_seconds=5) as connection:
            row = connection.execute("select count(*) from marts.fct_candles_1m").fetchone()
    except (WarehouseBusy, duckdb.CatalogException):
        return 0
    return row[0] if row else 0
