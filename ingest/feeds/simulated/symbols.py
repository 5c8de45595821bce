"""What is traded on the simulated exchange, and how lively.

Prices and quantities are whole numbers of 0.00000001 everywhere in this package: the eighth decimal
is the last that Binance prints, and whole numbers do not round.
"""

from dataclasses import dataclass
from decimal import Decimal

UNIT = 100_000_000


def units(amount: str) -> int:
    """`"0.01"` → 1_000_000."""
    return int(Decimal(amount) * UNIT)


@dataclass(frozen=True, slots=True)
class Symbol:
    """One market. `price` is where it starts; `tick` and `lot` are the steps of price and quantity."""

    name: str
    price: int
    tick: int
    lot: int
    quote_step: int
    """How far apart market makers quote; also the usual spread."""
    volatility_bps: float
    """Standard deviation of one second's return."""
    activity: int
    """Its share of what happens."""

    def on_tick(self, price: float) -> int:
        """The nearest price that can be quoted, never below one tick."""
        return max(self.tick, round(price / self.tick) * self.tick)


BTCUSDT = Symbol("BTCUSDT", units("61832"), units("0.01"), units("0.00001"), units("0.50"), 0.9, 5)
ETHUSDT = Symbol("ETHUSDT", units("2683.50"), units("0.01"), units("0.0001"), units("0.05"), 1.1, 3)
ADAUSDT = Symbol("ADAUSDT", units("0.3521"), units("0.0001"), units("0.1"), units("0.0001"), 1.3, 2)
SHIBUSDT = Symbol("SHIBUSDT", units("0.00001403"), 1, units("1"), 1, 1.6, 1)

DEFAULT_SYMBOLS = (BTCUSDT, ETHUSDT, ADAUSDT)
SYMBOLS = (*DEFAULT_SYMBOLS, SHIBUSDT)
