"""What Binance sends, and where it goes: stream ─▶ channel ─▶ topic."""

from collections.abc import Mapping

SPOT = "binance"
FUTURES = "binance_usdm"
"""USD-M futures. Its symbols have the names of spot's, so its venue is another."""

TOPIC_OF_CHANNEL: Mapping[str, str] = {
    "trade": "binance.trades",
    "trade_rest": "binance.trades",
    "depth": "binance.depth",
    "depth_snapshot": "binance.depth",
    "book_ticker": "binance.book_tickers",
    "agg_trade": "binance.agg_trades",
    "agg_trade_rest": "binance.agg_trades",
    "kline_1m": "binance.klines",
    "kline_1m_rest": "binance.klines",
    "ticker_24h": "binance.tickers",
    "ticker_24h_rest": "binance.tickers",
    "price_rest": "binance.prices",
}
"""The channel is in each message's header: `_rest` says that it was asked for, and has REST's shape."""

STREAM_OF_CHANNEL: Mapping[str, str] = {
    "trade": "trade",
    "depth": "depth@100ms",
    "book_ticker": "bookTicker",
    "agg_trade": "aggTrade",
    "kline_1m": "kline_1m",
    "ticker_24h": "ticker",
}
"""What stands behind the symbol in a stream's name: btcusdt@depth@100ms."""

CHANNEL_OF_STREAM: Mapping[str, str] = {
    stream.partition("@")[0]: channel for channel, stream in STREAM_OF_CHANNEL.items()
}
"""By the stream's kind alone: a recording may have the depth at another pace."""
