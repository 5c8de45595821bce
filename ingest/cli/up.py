"""`tickhouse up`: everything live, until Ctrl-C."""

import signal
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from ingest.cli.options import Faults, Port, Symbols, listed
from ingest.cli.output import say
from ingest.core.visible import visible

if TYPE_CHECKING:
    from rich.console import Console

    from ingest.core.settings import Settings
    from ingest.operations.stack import Stack
    from ingest.operations.watching import FirstRows

LOOK_SECONDS = 0.5
STORES = ("postgres", "redis")
EXTRAS = ("cdc", *STORES)
BARS, CANDLES = "marts.fct_bars_1m", "marts.fct_candles_1m"
FIRST_ROWS = {"replay": BARS, "ticks": BARS}
"""Where a feed without trades is seen first."""
VENUES = {"replay": "simulated", "ticks": "simulated"}
"""Where the feed has another name than its venue."""
QUESTION = (
    "select symbol, window_start_at, close, vwap, trade_count from {} order by window_start_at desc limit 5"
)
"""It fits 80 columns."""


def up(
    feed: Annotated[
        str,
        typer.Option(
            help="What to publish: `simulated`; `binance`, `coinbase` or `kraken`, the exchange itself; "
            "`replay`, the files of data/samples; `ticks` of energy markets; or `none`."
        ),
    ] = "simulated",
    symbols: Symbols = None,
    rate: Annotated[
        str | None,
        typer.Option(
            help="Messages per second, or `max`: of what is made up.", show_default="60, or 20 ticks"
        ),
    ] = None,
    faults: Faults = None,
    extras: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            metavar="NAMES",
            help="`cdc`: also PostgreSQL and Kafka Connect, whose tables' changes go to cdc.binance.*. "
            "`postgres`, `redis`: stores that hold what the marts hold. Separated by commas.",
        ),
    ] = None,
    port: Port = 3000,
    detach: Annotated[
        bool, typer.Option("--detach", "-d", help="Leave it running in the background: see `tickhouse down`.")
    ] = False,
) -> None:
    """Start the broker, a feed and the Dagster UI; one Ctrl-C stops them all.

    A second `tickhouse up` goes on where the first stopped. Another instance beside this one:

        tickhouse up --symbols BTCUSDT --faults gaps=0.001 --detach
        tickhouse up --home /somewhere/else --port 3001
    """
    from rich.console import Console

    from ingest.cli.feeds_of_up import captured_venue, feed_command, tables_command
    from ingest.core.settings import load_settings
    from ingest.operations.detached import IS_UP
    from ingest.operations.stack import Stack
    from ingest.operations.watching import FirstRows, newest_batch_id
    from ingest.warehouse.engine import capabilities_of

    given = _given(symbols=symbols, rate=rate, faults=faults)
    command = feed_command(feed, given)
    chosen = listed(extras)
    if unknown := sorted(set(chosen) - set(EXTRAS)):
        raise typer.BadParameter(f"--with {', '.join(unknown)}: there is {', '.join(EXTRAS)}.")
    settings = load_settings().model_copy(update={"captured_venue": captured_venue(feed)})
    if detach:
        _detach(settings, {**_given(feed=feed, port=str(port)), **given, **_given(**{"with": extras})})
        return
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
                    command,
                    tables_command(feed) if "cdc" in chosen else None,
                    [name for name in STORES if name in chosen],
                    say=lambda text: say_on(console, text),
                )
            console.print(f"{IS_UP} [bold]{stack.url}[/] ({time.monotonic() - began:.0f} s).")
            _watch(stack, console, began, first)
        except KeyboardInterrupt:
            console.print("\nStopping ...")
    console.print("Stopped. `tickhouse up` goes on from here.")


def _given(**options: Sequence[str] | str | None) -> dict[str, str]:
    """Those that were given, as they are written."""
    return {
        f"--{name}": value if isinstance(value, str) else ",".join(value)
        for name, value in options.items()
        if value is not None
    }


def _detach(settings: "Settings", options: Mapping[str, str]) -> None:
    from ingest.operations.detached import start_detached

    start_detached(settings, ["up", *(word for option in options.items() for word in option)], say)
    say("It goes on in the background: `tickhouse logs -f`, `tickhouse status`, `tickhouse down`.")


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
                f'  tickhouse sql "{QUESTION.format(first.table)}"\n'
                "Ctrl-C stops everything.",
                soft_wrap=True,  # it is there to be copied
            )
            first = None
        time.sleep(LOOK_SECONDS)
