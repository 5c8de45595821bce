"""`tickhouse publish polls` and `tickhouse publish backfill`: what Binance tells when it is asked."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from ingest.cli.options import Futures, Symbol, Symbols, listed, symbols_of
from ingest.cli.publish.binance import SYMBOLS
from ingest.cli.publish.deliver import LIVE_PATIENCE_SECONDS, deliver


def polls(
    datasets: Annotated[
        list[str] | None, typer.Option(metavar="NAMES", help="Which, separated by commas.")
    ] = None,
    symbols: Symbols = None,
    every: Annotated[
        float | None,
        typer.Option(min=0, help="Seconds between polls; without it 3600, and 6000 for candles. 0: once."),
    ] = None,
    futures: Futures = False,
) -> None:
    """Poll Binance's REST: prices and 24-hour stats of all pairs, order books, recent trades, candles.

    tickhouse publish polls --every 60
    tickhouse publish polls --datasets books,candles --symbols BTCUSDT --every 0
    """
    from ingest.core.settings import load_settings
    from ingest.feeds.binance.markets import market_of
    from ingest.feeds.binance.polls import DATASETS, BinancePolls

    wanted = listed(datasets, ",".join(DATASETS))
    unknown = [name for name in wanted if name not in DATASETS]
    if unknown:
        raise typer.BadParameter(f"--datasets {','.join(unknown)}: there are {', '.join(DATASETS)}.")
    settings = load_settings()
    market = market_of(settings, is_futures=futures)
    source = BinancePolls(market, symbols_of(symbols, SYMBOLS), wanted, every)
    deliver(settings, source.messages(), LIVE_PATIENCE_SECONDS)


def backfill(
    symbol: Symbol,
    since: Annotated[datetime | None, typer.Option(help="Candles that begin from then on (UTC) ...")] = None,
    until: Annotated[datetime | None, typer.Option(help="... and before then; without it, now.")] = None,
    first_id: Annotated[int | None, typer.Option(help="Aggregated trades from this id ...")] = None,
    last_id: Annotated[int | None, typer.Option(help="... to this one.")] = None,
    futures: Futures = False,
) -> None:
    """Ask for old one-minute candles by time, or aggregated trades by id, page after page.

    tickhouse publish backfill --symbol BTCUSDT --since 2026-03-01 --until 2026-03-02
    tickhouse publish backfill --symbol BTCUSDT --first-id 3000000 --last-id 3005000
    """
    from ingest.core.settings import load_settings
    from ingest.feeds.binance.backfill import BinanceBackfill
    from ingest.feeds.binance.markets import market_of

    if since and until and since >= until:
        raise typer.BadParameter(f"--since {since} is not before --until {until}.")
    if first_id is not None and last_id is not None and first_id > last_id:
        raise typer.BadParameter(f"--first-id {first_id} is above --last-id {last_id}.")
    settings = load_settings()
    source = BinanceBackfill(market_of(settings, is_futures=futures), symbol.upper())
    if since is not None and first_id is None:
        end = until.replace(tzinfo=UTC) if until else datetime.now(UTC)
        messages = source.klines(since.replace(tzinfo=UTC), end)
    elif since is None and first_id is not None and last_id is not None:
        messages = source.agg_trades(first_id, last_id)
    else:
        raise typer.BadParameter("either --since (and --until), or --first-id and --last-id.")
    deliver(settings, messages, LIVE_PATIENCE_SECONDS)
