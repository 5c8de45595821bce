"""`tickhouse publish cdc`: tables in PostgreSQL, whose changes Debezium brings to Kafka."""

import signal
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from ingest.cli.options import Symbols, symbols_of
from ingest.cli.publish.binance import SYMBOLS

if TYPE_CHECKING:
    from ingest.core.settings import Settings
    from ingest.feeds.change_data.loader import Loader

SIMULATED_SECONDS = 10.0


class TablesOf(StrEnum):
    """Whom to ask."""

    SIMULATED = "simulated"
    BINANCE = "binance"


def cdc(
    exchange: Annotated[
        TablesOf, typer.Option(help="`binance` asks its REST; `simulated` needs no network.")
    ] = TablesOf.SIMULATED,
    every: Annotated[
        float | None,
        typer.Option(
            min=0,
            help="Seconds between polls; without it 10 of the simulated exchange, and of Binance 3600, or "
            "6000 for candles. 0: once.",
        ),
    ] = None,
    symbols: Symbols = None,
) -> None:
    """Keep prices, 24-hour stats, books, recent trades and candles as tables in PostgreSQL.

    Rows are inserted, updated and deleted as the exchange tells; Debezium, which `tickhouse up --with cdc`
    starts, brings each change to the topics cdc.binance.*. POSTGRES_URL names a PostgreSQL of your own.

        tickhouse publish cdc --every 5
        tickhouse publish cdc --exchange binance --symbols BTCUSDT --every 0
    """
    from ingest.core.settings import load_settings
    from ingest.feeds.change_data.loader import Loader
    from ingest.services.postgres import postgres_url

    markets = symbols_of(symbols, SYMBOLS)
    settings = load_settings()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with Loader(postgres_url(settings)) as loader:
        try:
            if exchange is TablesOf.BINANCE:
                _load_binance(settings, loader, markets, every)
            else:
                _load_simulated(loader, SIMULATED_SECONDS if every is None else every)
        except KeyboardInterrupt:
            typer.echo("Stopped.")
        typer.echo(f"{loader.written} rows written, {loader.deleted} deleted.")


def _load_binance(settings: "Settings", loader: "Loader", symbols: list[str], every: float | None) -> None:
    import asyncio

    from ingest.feeds.binance.markets import spot
    from ingest.feeds.binance.polls import DATASETS, Answer, BinancePolls
    from ingest.feeds.change_data.answers import rows_of

    async def load(answer: Answer) -> None:
        loader.load(rows_of(answer))

    asyncio.run(BinancePolls(spot(settings), symbols, list(DATASETS), every).ask(load))


def _load_simulated(loader: "Loader", every: float) -> None:
    from ingest.feeds.change_data.simulated import simulated_rows

    for rows in simulated_rows(every, seed=7):
        loader.load(rows)
