"""A price nobody sees: what the market makers of one symbol believe it is worth.

A random walk whose volatility wanders around its mean, so that calm and rough minutes come in
clusters. It moves with time, not with messages: the same hour looks alike at any message rate.
"""

from math import exp, sqrt
from random import Random

from ingest.feeds.simulated.symbols import Symbol

CALM_AGAIN_SECONDS = 300.0
"""How long a rough spell lasts."""
ROUGHNESS = 0.6
"""Standard deviation of the logarithm of the volatility."""
STEP_MS = 10
"""The walk takes no smaller steps: at high rates most events find the price where it was."""


class PricePath:
    """Where the price is, and where makers quote around it."""

    def __init__(self, symbol: Symbol, random: Random, now_ms: int) -> None:
        self._symbol = symbol
        self._gauss = random.gauss
        self.price = float(symbol.price)
        self._roughness = 0.0
        self._moved_ms = now_ms
        self.bid = 0
        self.ask = 0
        self._quote()

    def advance(self, now_ms: int) -> bool:
        """Move to this time; tells whether it moved."""
        elapsed_ms = now_ms - self._moved_ms
        if 0 <= elapsed_ms < STEP_MS:
            return False
        self._moved_ms = now_ms
        self._walk(max(elapsed_ms, 0) / 1000)
        self._quote()
        return True

    def _walk(self, seconds: float) -> None:
        forget = exp(-seconds / CALM_AGAIN_SECONDS)
        self._roughness *= forget
        self._roughness += ROUGHNESS * sqrt(1 - forget * forget) * self._gauss(0, 1)
        sigma = self._symbol.volatility_bps / 10_000 * exp(self._roughness) * sqrt(seconds)
        self.price *= exp(sigma * self._gauss(0, 1) - sigma * sigma / 2)

    def _quote(self) -> None:
        """Quotes stand on a grid, one step apart in calm times, wider in rough ones."""
        step = self._symbol.quote_step
        margin = step * (exp(max(self._roughness, 0.0)) - 1) / 2
        self.bid = max(step, int((self.price - margin) // step) * step)
        self.ask = max(self.bid + step, -int(-(self.price + margin) // step) * step)
