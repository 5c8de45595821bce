"""`tickhouse record`: what an exchange sends, into capture files."""

import signal
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ingest.cli.options import Channels, Futures, Messages, Symbols, symbols_of
from ingest.cli.output import note
from ingest.cli.publish.binance import SYMBOLS, parse_channels


def record(
    folder: Annotated[Path, typer.Argument(help="Where the files go, one per symbol.")],
    symbols: Symbols = None,
    channels: Channels = None,
    futures: Futures = False,
    messages: Messages = None,
) -> None:
    """Record Binance's live streams and snapshots as lines of `<received_ns> <json>`; Kafka is not needed.

    tickhouse record recordings --symbols BTCUSDT
    tickhouse publish capture recordings/binance_btcusdt_20260301T120030.gz --venue binance --symbol BTCUSDT
    """
    from ingest.core.settings import load_settings
    from ingest.feeds.binance.live import open_live
    from ingest.feeds.health import FeedLog
    from ingest.feeds.recorder import Recorder

    settings = load_settings()
    markets = symbols_of(symbols, SYMBOLS)
    source = open_live(settings, markets, parse_channels(channels), is_futures=futures)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    count = 0
    log = FeedLog(settings, "recording", [], note)
    with Recorder(folder, datetime.now(UTC)) as recorder, log:
        try:
            with closing(source.messages()) as feed:
                for message in feed:
                    log.seen(message)
                    count += recorder.write(message)
                    if count == messages:
                        break
        except KeyboardInterrupt:
            typer.echo("Stopped.")
    for path in recorder.paths:
        typer.echo(str(path))
    typer.echo(f"{count} messages.")
