"""`tickhouse record`: what an exchange sends, into capture files."""

import signal
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ingest.cli.output import note
from ingest.cli.publish.binance import CHANNELS, SYMBOLS, parse_channels, parse_names


def record(
    folder: Annotated[Path, typer.Argument(help="Where the files go, one per symbol.")],
    symbols: Annotated[str, typer.Option(help="Which markets, separated by commas.")] = SYMBOLS,
    channels: Annotated[str, typer.Option(help="Which of their streams, separated by commas.")] = CHANNELS,
    futures: Annotated[bool, typer.Option("--futures", help="USD-M futures instead of spot.")] = False,
    messages: Annotated[int | None, typer.Option(min=1, help="How many; without it, until Ctrl-C.")] = None,
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
    source = open_live(settings, parse_names(symbols), parse_channels(channels), is_futures=futures)
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
