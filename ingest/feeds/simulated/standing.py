"""Where a market of the simulated exchange goes on from, after a stop."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Standing:
    """The last numbers that it gave, and its last price in units."""

    trade_id: int
    update_id: int
    price: int
