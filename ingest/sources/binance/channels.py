"""What Binance sends, and where it goes: stream ─▶ channel ─▶ topic."""

from collections.abc import Mapping

SPOT = "binance"
FUTURES = "binance_usdm"
"""USD-M futures. Its symbols have the names of spot's, so its venue is another."""

TOPIC_OF_CHANNEL: Mapping[str, str] = {
    "trade": "binance.trades",
    "depth": "binance.depth",
    "depth_snapshot": "binance.depth",
    "book_ticker": "binance.book_tickers",
}
"""What goes where. `agg_trade`, `kline_1m` and `ticker_24h` wait for a row in ingest/topics.py."""

CHANNEL_OF_STREAM: Mapping[str, str] = {
    "trade": "trade",
    "depth": "depth",
    "bookTicker": "book_ticker",
}
"""By the part of a stream's name behind the symbol: `depth` of `btcusdt@depth@100ms`."""
