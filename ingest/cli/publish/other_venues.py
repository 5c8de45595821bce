"""`tickhouse publish coinbase` and `tickhouse publish kraken`: books and trades of two more exchanges."""

from ingest.cli.options import Symbols, symbols_of
from ingest.cli.output import note
from ingest.cli.publish.deliver import LIVE_PATIENCE_SECONDS, deliver


def coinbase(symbols: Symbols = None) -> None:
    """Coinbase Exchange's live books and trades, until Ctrl-C.

    tickhouse publish coinbase --symbols BTC-USD
    """
    from ingest.core.settings import load_settings
    from ingest.feeds.coinbase import coinbase_live
    from ingest.feeds.health import FeedLog

    settings = load_settings()
    log = FeedLog(settings, "coinbase", ["coinbase.books", "coinbase.trades"], note)
    source = coinbase_live(settings, symbols_of(symbols, "BTC-USD,ETH-USD"))
    deliver(settings, source.messages(), LIVE_PATIENCE_SECONDS, log=log)


def kraken(symbols: Symbols = None) -> None:
    """Kraken's live books, their checksums verified, and trades, until Ctrl-C.

    tickhouse publish kraken --symbols BTC/USD
    """
    from ingest.core.settings import load_settings
    from ingest.feeds.health import FeedLog
    from ingest.feeds.kraken import kraken_live

    settings = load_settings()
    log = FeedLog(settings, "kraken", ["kraken.books", "kraken.trades"], note)
    source = kraken_live(settings, symbols_of(symbols, "BTC/USD,ETH/USD"))
    deliver(settings, source.messages(), LIVE_PATIENCE_SECONDS, log=log)
