"""`tickhouse up`: everything live, until Ctrl-C."""

import signal
import time
from typing import TYPE_CHECKING, Annotated

import typer

from ingest.core.visible import visible

if TYPE_CHECKING:
    from rich.console import Console

    from ingest.operations.stack import Stack
    from ingest.operations.watching import FirstRows

LOOK_SECONDS = 0.5
FEEDS = ("simulated", "binance", "coinbase", "kraken", "replay", "ticks", "none")
STORES = ("postgres", "redis")
EXTRAS = ("cdc", *STORES)
FIRST_ROWS = {
    "replay": "staging.stg_replay__ohlcv",
    "ticks": "intermediate.int_ticks_deduplicated",
}
VENUES = {"replay": "simulated", "ticks": "simulated"}
"""Where the feed has another name than its venue."""
CANDLES = "marts.fct_candles_1m"
QUESTIONS = {
    CANDLES: "select symbol, window_start_at, close, vwap, trade_count from marts.fct_candles_1m "
    "order by window_start_at desc limit 5"
}
"""Those that fit 80 columns."""


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
            help="`cdc`: also PostgreSQL and Kafka Connect, whose tables' changes go to cdc.binance.*. "
            "`postgres`, `redis`: stores that hold what the marts hold.",
        ),
    ] = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where the Dagster UI listens.")] = 3000,
) -> None:
    """Start the broker, a feed and the Dagster UI; one Ctrl-C stops them all.

    A second `tickhouse up` goes on where the first stopped. Another instance beside this one:

        TICKHOUSE_HOME=/somewhere/else tickhouse up --port 3001
    """
    from rich.console import Console

    from ingest.cli.publish.simulated import parse_rate
    from ingest.core.settings import load_settings
    from ingest.operations.stack import Stack
    from ingest.operations.watching import FirstRows, newest_batch_id
    from ingest.warehouse.engine import capabilities_of

    if feed not in FEEDS:
        raise typer.BadParameter(f"--feed {feed}: there are {', '.join(FEEDS)}.")
    if unknown := set(extras or ()) - set(EXTRAS):
        raise typer.BadParameter(f"--with {', '.join(sorted(unknown))}: there is {', '.join(EXTRAS)}.")
    parse_rate(rate)
    settings = load_settings()
    # `kill` stops everything in order, as Ctrl-C does, also where a shell in the background had it ignored.
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as nohup has it
        signal.signal(signal.SIGHUP, signal.default_int_handler)
    console = Console(highlight=False)
    began = time.monotonic()
    first = None
    if not capabilities_of(settings).is_metered:  # to ask again and again would cost
        table, venue = FIRST_ROWS.get(feed, CANDLES), VENUES.get(feed, feed)
        first = FirstRows(settings, table, venue, newest_batch_id(settings))
    with Stack(settings, port) as stack:
        try:
            with console.status("Starting the broker, the feed and Dagster ..."):
                stack.start(
                    feed_command(feed, rate),
                    tables_command(feed) if "cdc" in (extras or ()) else None,
                    [name for name in STORES if name in (extras or ())],
                    say=lambda text: say_on(console, text),
                )
            console.print(f"The Dagster UI is at [bold]{stack.url}[/] ({time.monotonic() - began:.0f} s).")
            _watch(stack, console, began, first)
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


def say_on(console: "Console", text: str) -> None:
    """As it stands: an exchange's answer in it is no markup, and steers no terminal."""
    from rich.text import Text

    console.print(Text(visible(text)), soft_wrap=True)


def _watch(stack: "Stack", console: "Console", began: float, first: "FirstRows | None") -> None:
    """Say when the first rows are built, what becomes of feeds, and that something has ended by itself."""
    while True:
        for news in stack.news():
            say_on(console, news)
        if first and (rows := first.count()):
            console.print(
                f"The first marts hold rows ({rows} in {first.table}, "
                f"{time.monotonic() - began:.0f} s). Try:\n"
                f'  tickhouse sql "{QUESTIONS.get(first.table, f"from {first.table} limit 5")}"\n'
                "Ctrl-C stops everything.",
                soft_wrap=True,  # it is there to be copied
            )
            first = None
        time.sleep(LOOK_SECONDS)
