"""One symbol's market as its streams tell it.

OrderFlow ─▶ fills ─▶ trade, aggTrade        at once
          ─▶ book  ─▶ bookTicker             when the best bid or ask changed
                   ─▶ depthUpdate            each 100 ms: what changed since the last
                   ─▶ depth snapshot         each minute, and after a gap
Tape ─▶ kline, 24hrTicker                    each second or two
"""

from collections.abc import Set
from dataclasses import replace
from itertools import groupby
from random import Random

from ingest.feeds.simulated import wire
from ingest.feeds.simulated.order_flow import Fill, OrderFlow
from ingest.feeds.simulated.standing import Standing
from ingest.feeds.simulated.symbols import Symbol
from ingest.feeds.simulated.tape import Tape, Trade

Sent = list[tuple[str, bytes]]
"""Channels and payloads, in the order they leave."""

LARGEST_DIFF = 64
"""A diff does not wait for its time when so many changes do: high rates make more diffs, not huge ones."""
SNAPSHOT_MS = 60_000
KLINE_MS = 2_000
TICKER_MS = 1_000
RESYNC_MS = 1_000
"""How long a client takes to notice a gap and to get a snapshot."""


class Market:
    """One symbol. Of its channels only those asked for are written."""

    def __init__(
        self,
        symbol: Symbol,
        channels: Set[str],
        random: Random,
        now_ms: int,
        first_id: int,
        standing: Standing | None = None,
    ) -> None:
        if standing:
            symbol, first_id = replace(symbol, price=standing.price), standing.trade_id + 1
        self.symbol = symbol.name
        self._channels = channels
        self._flow = OrderFlow(symbol, random, now_ms, first_id)
        self._book = self._flow.book
        self._book.take_diff()
        if standing:
            self._book.go_on_from(standing.update_id)
        self._top = self._book.top()
        self._tape = Tape()
        self._trade_id = first_id
        self._agg_id = first_id
        self._resync_ms: int | None = None
        self._snapshot_is_due = False

    def resync(self, now_ms: int) -> None:
        """Somebody lost a diff and asks for a snapshot."""
        self._resync_ms = self._resync_ms or now_ms + RESYNC_MS

    def snapshot(self) -> Sent:
        """The book as a client gets it who asks for it now."""
        self._snapshot_is_due = False
        if "depth_snapshot" not in self._channels:
            return []
        book = self._book
        return [("depth_snapshot", wire.depth_snapshot(book.last_id, book.bids.levels(), book.asks.levels()))]

    def step(self, now_ms: int) -> Sent:
        """One event, and what the streams say of it."""
        fills = self._flow.act(now_ms)
        sent = self._traded(fills, now_ms) if fills else []
        top = self._book.top()
        if top != self._top:
            self._top = top
            if "book_ticker" in self._channels:
                sent.append(("book_ticker", wire.book_ticker(self._book.last_id, self.symbol, top)))
        if self._book.unsent_count >= LARGEST_DIFF:
            sent += self._depth(now_ms)
        if self._snapshot_is_due:
            sent += self.snapshot()
        return sent

    def on_beat(self, before_ms: int, now_ms: int) -> Sent:
        """What is due by the clock; called ten times a second."""

        def is_due(channel: str, interval_ms: int) -> bool:
            return channel in self._channels and before_ms // interval_ms != now_ms // interval_ms

        sent = self._depth(now_ms)
        if is_due("depth_snapshot", SNAPSHOT_MS) or (self._resync_ms and now_ms >= self._resync_ms):
            # Not now: a client asks at any time, mostly between two diffs.
            self._snapshot_is_due, self._resync_ms = True, None
        closed = self._tape.close_minute(now_ms)
        candle = closed or self._tape.candle
        if is_due("kline_1m", KLINE_MS) and candle:
            payload = wire.kline_1m(now_ms, self.symbol, candle, is_closed=candle is closed)
            sent.append(("kline_1m", payload))
        if is_due("ticker_24h", TICKER_MS) and (day := self._tape.day()):
            sent.append(("ticker_24h", wire.ticker_24h(now_ms, self.symbol, day, self._top)))
        return sent

    def _depth(self, now_ms: int) -> Sent:
        if not self._book.unsent_count:
            return []
        diff = self._book.take_diff()
        return [("depth", wire.depth_update(now_ms, self.symbol, diff))] if "depth" in self._channels else []

    def _traded(self, fills: list[Fill], now_ms: int) -> Sent:
        buyer_is_maker = not self._flow.taker_buys
        trades = [
            Trade(trade_id, price, quantity, now_ms, buyer_is_maker)
            for trade_id, (price, quantity) in enumerate(fills, self._trade_id)
        ]
        self._trade_id += len(trades)
        for trade in trades:
            self._tape.add(trade)
        sent: Sent = []
        if "trade" in self._channels:
            sent += [("trade", wire.trade(now_ms, self.symbol, trade)) for trade in trades]
        if "agg_trade" in self._channels:
            sent += self._aggregated(trades, now_ms)
        return sent

    def _aggregated(self, trades: list[Trade], now_ms: int) -> Sent:
        sent: Sent = []
        for _, at_one_price in groupby(trades, key=lambda trade: trade.price):
            payload = wire.agg_trade(now_ms, self.symbol, self._agg_id, [*at_one_price])
            sent.append(("agg_trade", payload))
            self._agg_id += 1
        return sent
