"""What Binance answered, as rows of the tables: REST's names, and those of the streams for the same.

channel, symbol, payload ─▶ Rows
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from ingest.feeds.binance.polls import Answer
from ingest.feeds.change_data.loader import Rows
from ingest.feeds.change_data.tables import BOOKS, CANDLES, PRICES, STATS, TRADES

BOOK_LEVELS = 20
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Of STATS' columns between the symbol and the count of trades: what REST calls it, what the stream does.
STAT_NAMES = (
    ("priceChange", "p"),
    ("priceChangePercent", "P"),
    ("weightedAvgPrice", "w"),
    ("openPrice", "o"),
    ("highPrice", "h"),
    ("lowPrice", "l"),
    ("lastPrice", "c"),
    ("volume", "v"),
    ("quoteVolume", "q"),
)


def rows_of(answer: Answer) -> Rows:
    """The rows that an answer of Binance's REST stands for."""
    body = json.loads(answer.frame.payload)
    polled_at = EPOCH + timedelta(microseconds=answer.frame.received_ns // 1000)
    symbol = answer.symbol or ""
    match answer.channel:
        case "price_rest":
            return prices({price["symbol"]: price["price"] for price in body}, polled_at)
        case "ticker_24h_rest":
            return stats(body, polled_at)
        case "depth_snapshot":
            return books(symbol, body, polled_at)
        case "trade_rest":
            return trades(symbol, body, polled_at)
        case "kline_1m_rest":
            return candles(symbol, body, polled_at)
    raise ValueError(f"no table for {answer.channel}")


def prices(last: Mapping[str, str], polled_at: datetime) -> Rows:
    return Rows(PRICES, None, [(symbol, price, polled_at) for symbol, price in last.items()], polled_at)


def stats(tickers: Sequence[Mapping[str, Any]], polled_at: datetime) -> Rows:
    rows = [
        (
            _one(ticker, "symbol", "s"),
            *(_one(ticker, *names) for names in STAT_NAMES),
            _one(ticker, "count", "n"),
            time_of(_one(ticker, "openTime", "O")),
            time_of(_one(ticker, "closeTime", "C")),
            polled_at,
        )
        for ticker in tickers
    ]
    return Rows(STATS, None, rows, polled_at)


def books(symbol: str, snapshot: Mapping[str, Any], polled_at: datetime) -> Rows:
    """The best levels of each side."""
    rows = [
        (symbol, side, price, quantity, snapshot["lastUpdateId"], polled_at)
        for side, levels in (("bid", snapshot["bids"]), ("ask", snapshot["asks"]))
        for price, quantity in levels[:BOOK_LEVELS]
    ]
    return Rows(BOOKS, symbol, rows, polled_at)


def trades(symbol: str, sent: Sequence[Mapping[str, Any]], polled_at: datetime) -> Rows:
    rows = [
        (
            symbol,
            _one(trade, "id", "t"),
            _one(trade, "price", "p"),
            _one(trade, "qty", "q"),
            _one(trade, "isBuyerMaker", "m"),
            time_of(_one(trade, "time", "T")),
        )
        for trade in sent
    ]
    return Rows(TRADES, symbol, rows, polled_at)


def candles(symbol: str, bars: Sequence[Sequence[Any]], polled_at: datetime) -> Rows:
    """As REST has them: start, open, high, low, close, volume, end, notional, count, what takers bought."""
    rows = [
        (symbol, time_of(bar[0]), *bar[1:6], bar[7], bar[9], bar[10], bar[8])
        for bar in bars
        if polled_at - time_of(bar[0]) <= timedelta(days=1)
    ]
    return Rows(CANDLES, symbol, rows, polled_at)


def time_of(milliseconds: int) -> datetime:
    return EPOCH + timedelta(milliseconds=milliseconds)


def _one(sent: Mapping[str, Any], rest: str, stream: str) -> Any:
    return sent[rest] if rest in sent else sent[stream]
