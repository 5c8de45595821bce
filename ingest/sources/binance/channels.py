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

STREAM_OF_CHANNEL: Mapping[str, str] = {
    "trade": "trade",
    "depth": "depth@100ms",
    "book_ticker": "bookTicker",
}
"""What stands behind the symbol in a stream's name: btcusdt@depth@100ms."""

CHANNEL_OF_STREAM: Mapping[str, str] = {
    stream.partition("@")[0]: channel for channel, stream in STREAM_OF_CHANNEL.items()
}
"""By the stream's kind alone: a recording may have the depth at another pace."""
