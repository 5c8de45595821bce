"""`tickhouse publish coinbase` and `tickhouse publish kraken`: books and trades of two more exchanges."""

from typing import Annotated

import typer

from ingest.cli.output import note
from ingest.cli.publish.binance import parse_names
from ingest.cli.publish.deliver import LIVE_PATIENCE_SECONDS, deliver


def coinbase(
    symbols: Annotated[str, typer.Option(help="Which products, separated by commas.")] = "BTC-USD,ETH-USD",
) -> None:
    """Coinbase Exchange's live books and trades, until Ctrl-C.

    tickhouse publish coinbase --symbols BTC-USD
    """
    from ingest.core.settings import load_settings
    from ingest.feeds.coinbase import coinbase_live
    from ingest.feeds.health import FeedLog

    settings = load_settings()
    log = FeedLog(settings, "coinbase", ["coinbase.books", "coinbase.trades"], note)
    deliver(
        settings, coinbase_live(settings, parse_names(symbols)).messages(), LIVE_PATIENCE_SECONDS, log=log
    )


def kraken(
    symbols: Annotated[str, typer.Option(help="Which pairs, separated by commas.")] = "BTC/USD,ETH/USD",
) -> None:
    """Kraken's live books, their checksums verified, and trades, until Ctrl-C.

    tickhouse publish kraken --symbols BTC/USD
    """
    from ingest.core.settings import load_settings
    from ingest.feeds.health import FeedLog
    from ingest.feeds.kraken import kraken_live

    settings = load_settings()
    log = FeedLog(settings, "kraken", ["kraken.books", "kraken.trades"], note)
    deliver(settings, kraken_live(settings, parse_names(symbols)).messages(), LIVE_PATIENCE_SECONDS, log=log)
