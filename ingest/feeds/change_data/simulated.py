"""The simulated exchange, asked now and then: what Binance's REST would tell of it.

its streams ─▶ the newest of each symbol ─ every so many seconds ─▶ Rows, one table after the other
"""

import json
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ingest.core.message import Message
from ingest.feeds.change_data import answers
from ingest.feeds.change_data.loader import Rows
from ingest.feeds.pacing import paced
from ingest.feeds.simulated import DEFAULT_SYMBOLS, SimulatedExchange, WallClock

CHANNELS = ("trade", "depth_snapshot", "kline_1m", "ticker_24h")
MESSAGES_PER_SECOND = 20.0


@dataclass(slots=True)
class Seen:
    """What the streams have told since it was asked last; of some things only the newest."""

    tickers: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    snapshots: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    bars: dict[str, dict[int, Sequence[Any]]] = field(default_factory=lambda: defaultdict(dict))
    trades: dict[str, list[Mapping[str, Any]]] = field(default_factory=lambda: defaultdict(list))

    def take(self, message: Message) -> None:
        symbol, channel = message.key.decode(), dict(message.headers)["channel"].decode()
        body = json.loads(message.payload or b"")
        match channel:
            case "ticker_24h":
                self.tickers[symbol] = body
            case "depth_snapshot":
                self.snapshots[symbol] = body
            case "kline_1m":
                bar = body["k"]
                self.bars[symbol][bar["t"]] = [bar[name] for name in "tohlcvTqnVQ"]
            case "trade":
                self.trades[symbol].append(body)

    def tells_of(self, symbols: Set[str]) -> bool:
        """Whether each table would have something of each."""
        return all(
            symbols <= found.keys() for found in (self.tickers, self.snapshots, self.bars, self.trades)
        )

    def rows(self, now: datetime) -> Iterator[Rows]:
        """Prices and stats of all symbols are one answer; the others are one a symbol."""
        yield answers.prices({symbol: ticker["c"] for symbol, ticker in self.tickers.items()}, now)
        yield answers.stats(list(self.tickers.values()), now)
        for symbol, snapshot in self.snapshots.items():
            yield answers.books(symbol, snapshot, now)
        for symbol, sent in self.trades.items():
            yield answers.trades(symbol, sent, now)
        for symbol, bars in self.bars.items():
            yield answers.candles(symbol, list(bars.values()), now)
        for told_once in (self.trades, self.bars, self.snapshots):
            told_once.clear()


def simulated_rows(seconds: float, seed: int) -> Iterator[Rows]:
    """Ask it every so many seconds, for ever. 0: once, as soon as it has something to tell of all."""
    exchange = SimulatedExchange(WallClock(), seed, topics=dict.fromkeys(CHANNELS, ""))
    seen, symbols = Seen(), {symbol.name for symbol in DEFAULT_SYMBOLS}
    due = time.monotonic() + seconds
    for message in paced(exchange.messages(), MESSAGES_PER_SECOND):
        seen.take(message)
        if time.monotonic() >= due and (seconds or seen.tells_of(symbols)):
            yield from seen.rows(datetime.now(UTC))
            for symbol in symbols:
                exchange.resync(symbol)
            if not seconds:
                return
            due = time.monotonic() + seconds
