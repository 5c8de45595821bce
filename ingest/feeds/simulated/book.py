"""A limit order book by price level that numbers its changes as Binance does.

Every change of a level takes the next update id. What changed since the last diff is remembered, so
a diff tells the true difference between two ids, and a snapshot the whole book at one.
"""

from bisect import bisect_left, insort
from dataclasses import dataclass, field

Level = tuple[int, int]
"""A price and the quantity that stands there."""


@dataclass(slots=True)
class Side:
    """Bids or asks: prices ascending, so the best bid is last and the best ask first."""

    is_bid: bool
    prices: list[int] = field(default_factory=list)
    quantities: dict[int, int] = field(default_factory=dict)
    changed: set[int] = field(default_factory=set)

    def put(self, price: int, quantity: int) -> None:
        """Set the quantity at a price; 0 removes the level."""
        if quantity == 0:
            del self.quantities[price]
            del self.prices[bisect_left(self.prices, price)]
        else:
            if price not in self.quantities:
                insort(self.prices, price)
            self.quantities[price] = quantity
        self.changed.add(price)

    def price_at(self, rank: int) -> int:
        """The price of the best level (rank 0), the next, …"""
        return self.prices[-1 - rank] if self.is_bid else self.prices[rank]

    def take_changes(self) -> list[Level]:
        """The levels that changed since the last call, with what stands there now."""
        prices = sorted(self.changed, reverse=self.is_bid)
        self.changed.clear()
        return [(price, self.quantities.get(price, 0)) for price in prices]

    def levels(self) -> list[Level]:
        """All of them, best first."""
        prices = reversed(self.prices) if self.is_bid else self.prices
        return [(price, self.quantities[price]) for price in prices]


@dataclass(frozen=True, slots=True)
class Diff:
    """What changed from `first_id` to `last_id`, best prices first."""

    first_id: int
    last_id: int
    bids: list[Level]
    asks: list[Level]


class Book:
    """Both sides, and the number of the last change."""

    def __init__(self, last_id: int) -> None:
        self.bids = Side(is_bid=True)
        self.asks = Side(is_bid=False)
        self.last_id = last_id
        self._last_sent_id = last_id

    def put(self, side: Side, price: int, quantity: int) -> None:
        """One change of one level, under the next update id."""
        side.put(price, quantity)
        self.last_id += 1

    def go_on_from(self, last_id: int) -> None:
        """The next diff follows `last_id`; a snapshot now is one change ahead of that."""
        self._last_sent_id, self.last_id = last_id, last_id + 1

    @property
    def unsent_count(self) -> int:
        return self.last_id - self._last_sent_id

    def top(self) -> tuple[int, int, int, int]:
        """Best bid, its quantity, best ask, its quantity."""
        bid, ask = self.bids.prices[-1], self.asks.prices[0]
        return bid, self.bids.quantities[bid], ask, self.asks.quantities[ask]

    def take_diff(self) -> Diff:
        """Everything since the last diff."""
        first_id, self._last_sent_id = self._last_sent_id + 1, self.last_id
        return Diff(first_id, self.last_id, self.bids.take_changes(), self.asks.take_changes())
