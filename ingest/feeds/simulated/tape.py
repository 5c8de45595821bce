"""What a symbol's trades add up to: the minute's candle and the last 24 hours."""

from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

from ingest.feeds.simulated.symbols import UNIT

MINUTE_MS = 60_000
MINUTES_PER_DAY = 1440


class Trade(NamedTuple):
    """What one maker order sold or bought."""

    trade_id: int
    price: int
    quantity: int
    trade_ms: int
    buyer_is_maker: bool


@dataclass(slots=True)
class Candle:
    """One minute. The taker's figures count what buyers took."""

    start_ms: int
    first_id: int
    open: int
    high: int
    low: int
    close: int = 0
    last_id: int = 0
    count: int = 0
    volume: int = 0
    notional: int = 0
    taker_volume: int = 0
    taker_notional: int = 0

    def add(self, trade: Trade) -> None:
        price, quantity = trade.price, trade.quantity
        # Ticks and lots are chosen so that their product has no ninth decimal.
        notional = price * quantity // UNIT
        self.high = max(self.high, price)
        self.low = min(self.low, price)
        self.close = price
        self.last_id = trade.trade_id
        self.count += 1
        self.volume += quantity
        self.notional += notional
        if not trade.buyer_is_maker:
            self.taker_volume += quantity
            self.taker_notional += notional


@dataclass(frozen=True, slots=True)
class Day:
    """The 24 hours up to now."""

    open: int
    high: int
    low: int
    close: int
    previous_close: int
    volume: int
    notional: int
    last_quantity: int
    first_id: int
    last_id: int


class Tape:
    """The minutes of one symbol. A minute without a trade has no candle."""

    def __init__(self) -> None:
        self.candle: Candle | None = None
        self._minutes: deque[Candle] = deque()
        self._previous_close: int | None = None
        self._last_quantity = 0

    def add(self, trade: Trade) -> None:
        if self.candle is None:
            start_ms = trade.trade_ms - trade.trade_ms % MINUTE_MS
            self.candle = Candle(start_ms, trade.trade_id, trade.price, trade.price, trade.price)
        self.candle.add(trade)
        self._last_quantity = trade.quantity

    def close_minute(self, now_ms: int) -> Candle | None:
        """The candle of a minute that is over, once."""
        candle = self.candle
        if candle is None or now_ms < candle.start_ms + MINUTE_MS:
            return None
        self.candle = None
        self._minutes.append(candle)
        while self._minutes[0].start_ms <= now_ms - MINUTES_PER_DAY * MINUTE_MS:
            self._previous_close = self._minutes.popleft().close
        return candle

    def day(self) -> Day | None:
        """The rolling window, to the minute; nothing before the first trade."""
        candles = [*self._minutes, *([self.candle] if self.candle else [])]
        if not candles:
            return None
        first, last = candles[0], candles[-1]
        return Day(
            open=first.open,
            high=max(candle.high for candle in candles),
            low=min(candle.low for candle in candles),
            close=last.close,
            previous_close=self._previous_close or first.open,
            volume=sum(candle.volume for candle in candles),
            notional=sum(candle.notional for candle in candles),
            last_quantity=self._last_quantity,
            first_id=first.first_id,
            last_id=last.last_id,
        )
