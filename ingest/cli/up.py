"""`tickhouse up`: everything live, until Ctrl-C."""

import signal
import time
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from ingest.core.settings import Settings
    from ingest.operations.stack import Stack

LOOK_SECONDS = 0.5
FEEDS = ("simulated", "binance", "coinbase", "kraken", "replay", "ticks", "none")
EXTRAS = ("cdc",)
FIRST_ROWS = {
    "replay": "staging.stg_replay__ohlcv",
    "ticks": "intermediate.int_ticks_deduplicated",
}
CANDLES = "marts.fct_candles_1m"


def up(
    feed: Annotated[
        str,
        typer.Option(
            help="What to publish: `simulated`; `binance`, `coinbase` or `kraken`, the exchange itself; "
            "`replay`, the files of data/samples; `ticks` of energy markets; or `none`."
        ),
    ] = "simulated",
    rate: Annotated[str, typer.Option(help="Messages per second of the simulated exchange.")] = "60",
    extras: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            help="`cdc`: also PostgreSQL and Kafka Connect, whose tables' changes go to cdc.binance.*.",
        ),
    ] = None,
    port: Annotated[int, typer.Option(help="Where the Dagster UI listens.")] = 3000,
) -> None:
    """Start the broker, a feed and the Dagster UI; one Ctrl-C stops them all.

    A second `tickhouse up` goes on where the first stopped. Another instance beside this one:

        TICKHOUSE_HOME=/somewhere/else tickhouse up --port 3001
    """
    from rich.console import Console

    from ingest.core.errors import SettingsInvalid
    from ingest.core.settings import load_settings
    from ingest.operations.stack import Stack

    if feed not in FEEDS:
        raise SettingsInvalid(f"There is no feed {feed!r}. Try one of: {', '.join(FEEDS)}.")
    if unknown := set(extras or ()) - set(EXTRAS):
        raise SettingsInvalid(f"--with {', '.join(sorted(unknown))}: there is {', '.join(EXTRAS)}.")
    settings = load_settings()
    # `kill` stops everything in order, as Ctrl-C does, also where a shell in the background had it ignored.
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, signal.default_int_handler)
    console = Console(highlight=False)
    began = time.monotonic()
    with Stack(settings, port) as stack:
        try:
            with console.status("Starting the broker, the feed and Dagster ..."):
                stack.start(feed_command(feed, rate), tables_command(feed) if extras else None)
            console.print(f"The Dagster UI is at [bold]{stack.url}[/] ({time.monotonic() - began:.0f} s).")
            is_file = settings.warehouse == "duckdb"  # to ask Snowflake again and again would cost
            _watch(stack, settings, console, began, FIRST_ROWS.get(feed, CANDLES) if is_file else None)
        except KeyboardInterrupt:
            console.print("\nStopping ...")
    console.print("Stopped. `tickhouse up` goes on from here.")


def feed_command(feed: str, rate: str) -> list[str] | None:
    """What publishes it, as arguments of `tickhouse`."""
    match feed:
        case "none":
            return None
        case "simulated":
            return ["publish", "simulated", "--rate", rate]
        case "replay":
            return ["publish", "samples"]
    return ["publish", feed]


def tables_command(feed: str) -> list[str]:
    """What fills the tables: the exchange itself where it is the feed, else one that needs no network."""
    return ["publish", "cdc", "--exchange", "binance" if feed == "binance" else "simulated"]


def _watch(
    stack: "Stack", settings: "Settings", console: "Console", began: float, first_rows: str | None
) -> None:
    """Say when the first rows are built; after that only that something has ended by itself."""
    told = False
    while True:
        stack.check()
        if news := stack.news():
            console.print(news)
        if first_rows and not told and (rows := _row_count(settings, first_rows)):
            console.print(
                f"The first marts hold rows ({rows} in {first_rows}, "
                f"{time.monotonic() - began:.0f} s). Try:\n"
                f'  tickhouse sql "from {first_rows} limit 5"\n'
                "Ctrl-C stops everything."
            )
            told = True
        time.sleep(LOOK_SECONDS)


def _row_count(settings: "Settings", table: str) -> int:
    import duckdb

    from ingest.core.errors import WarehouseBusy
    from ingest.warehouse.duckdb.file import DuckDbFile

    try:
        with DuckDbFile(settings.warehouse_path).reading(wait_seconds=5) as connection:
            row = connection.execute(f"select count(*) from {table}").fetchone()
    except (WarehouseBusy, duckdb.CatalogException):
        return 0
    return row[0] if row else 0
