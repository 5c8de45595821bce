"""`tickhouse publish binance`: the exchange itself."""

from collections.abc import Sequence

import typer

from ingest.cli.options import Channels, Futures, Symbols, listed, symbols_of
from ingest.cli.output import note
from ingest.cli.publish.deliver import LIVE_PATIENCE_SECONDS, deliver

SYMBOLS = "BTCUSDT,ETHUSDT"
CHANNELS = "trade,depth,book_ticker"


def binance(symbols: Symbols = None, channels: Channels = None, futures: Futures = False) -> None:
    """Binance's live streams, with snapshots of the books, until Ctrl-C.

    It reconnects by itself and renews its connections before Binance cuts them. While Kafka is away it
    keeps what it has for ten minutes, and stops reading when its buffer is full; what was missed then
    shows in the messages' numbers. Where Binance does not serve your country, see BINANCE_STREAM_URL
    and BINANCE_REST_URL in .env.example.

        tickhouse publish binance --symbols BTCUSDT,SOLUSDT --channels trade,depth
    """
    from ingest.core.settings import load_settings
    from ingest.feeds.binance.channels import FUTURES, SPOT, TOPIC_OF_CHANNEL
    from ingest.feeds.binance.live import open_live
    from ingest.feeds.health import FeedLog

    settings = load_settings()
    wanted = parse_channels(channels)
    source = open_live(settings, symbols_of(symbols, SYMBOLS), wanted, is_futures=futures)
    topics = dict.fromkeys(TOPIC_OF_CHANNEL[channel] for channel in wanted)
    log = FeedLog(settings, FUTURES if futures else SPOT, list(topics), note)
    deliver(settings, source.messages(), LIVE_PATIENCE_SECONDS, log=log)


def parse_channels(given: Sequence[str] | None) -> list[str]:
    """Channels that Binance has."""
    from ingest.feeds.binance.channels import STREAM_OF_CHANNEL

    wanted = listed(given, CHANNELS)
    unknown = [name for name in wanted if name not in STREAM_OF_CHANNEL]
    if unknown:
        raise typer.BadParameter(f"--channels {','.join(unknown)}: there are {', '.join(STREAM_OF_CHANNEL)}.")
    return wanted
