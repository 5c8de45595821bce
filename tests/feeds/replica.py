"""A client's copy of an order book, kept as Binance tells clients to: written apart from the simulator."""

import json
from decimal import Decimal
from typing import Any


class BookReplica:
    """One symbol's book, from a snapshot and diffs."""

    def __init__(self) -> None:
        self.update_id: int | None = None
        self.bids: dict[Decimal, Decimal] = {}
        self.asks: dict[Decimal, Decimal] = {}

    def load(self, payload: bytes) -> None:
        snapshot = json.loads(payload)
        self.update_id = snapshot["lastUpdateId"]
        self.bids = _levels(snapshot["bids"])
        self.asks = _levels(snapshot["asks"])

    def apply(self, payload: bytes) -> bool:
        """Apply a diff; False if one before it is missing."""
        diff = json.loads(payload)
        assert self.update_id is not None
        if diff["u"] <= self.update_id:
            return True
        if diff["U"] > self.update_id + 1:
            return False
        for side, changes in ((self.bids, diff["b"]), (self.asks, diff["a"])):
            for price, quantity in _levels(changes).items():
                if quantity:
                    side[price] = quantity
                else:
                    side.pop(price, None)
        self.update_id = diff["u"]
        return True

    def top(self) -> tuple[Decimal, Decimal, Decimal, Decimal]:
        bid, ask = max(self.bids), min(self.asks)
        return bid, self.bids[bid], ask, self.asks[ask]


def top_of_ticker(payload: bytes) -> tuple[Decimal, ...]:
    ticker: dict[str, Any] = json.loads(payload)
    return tuple(Decimal(ticker[name]) for name in ("b", "B", "a", "A"))


def _levels(pairs: list[list[str]]) -> dict[Decimal, Decimal]:
    return {Decimal(price): Decimal(quantity) for price, quantity in pairs}
