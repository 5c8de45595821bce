"""Best bid and ask of energy and metals, made up: a random walk per symbol, with faults on demand.

{"symbol":"TTF-GAS","event_time":"2026-03-01T12:00:30.000000Z","received_time":"…","bid_price":31.25,
 "bid_volume":12,"ask_price":31.27,"ask_volume":7,"sequence_id":1772366430000000}
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from types import MappingProxyType
from typing import Any, NamedTuple

from ingest.core.message import Message, feed_headers
from ingest.feeds.simulated.clock import Clock
from ingest.feeds.simulated.exchange import SIMULATED

TOPIC = "simulated.ticks"
START_PRICES = {"TTF-GAS": 31.25, "NBP-GAS": 78.40, "BRENT": 74.15, "EUA": 68.90, "POWER-DE": 88.30}
"""The markets there are, and where each begins."""


@dataclass(frozen=True, slots=True)
class TickFaults:
    """What share of the ticks comes with which fault."""

    missing_field: float = 0.0
    bad_price: float = 0.0
    bad_volume: float = 0.0
    crossed: float = 0.0
    old_sequence: float = 0.0
    """A tick repeats a number, or goes back."""
    gaps: float = 0.0
    """A number is left out: no fault of the tick, and found by the audit."""


class TickStanding(NamedTuple):
    """Where a market was when its feed stopped."""

    sequence_id: int
    price: float
    """0: a fault took it."""


NOWHERE: Mapping[str, TickStanding] = MappingProxyType({})


class TickSimulator:
    """A Source. The same seed, clock and standings give the same bytes."""

    def __init__(
        self,
        clock: Clock,
        seed: int,
        symbols: Sequence[str],
        faults: TickFaults,
        standings: Mapping[str, TickStanding] = NOWHERE,
    ) -> None:
        self._clock = clock
        self._random = Random(seed)  # noqa: S311 - repeatable is the point
        self._prices = {symbol: START_PRICES[symbol] for symbol in symbols}
        # Where nothing is known of an earlier run, numbers grow with the time, to be above its.
        self._sequences = dict.fromkeys(symbols, clock.event_ms * 1000)
        for symbol in standings.keys() & self._sequences.keys():
            self._sequences[symbol] = standings[symbol].sequence_id
            self._prices[symbol] = max(standings[symbol].price, 0.0) or START_PRICES[symbol]
        self._faults = faults

    def messages(self) -> Iterator[Message]:
        symbols = list(self._prices)
        for turn in count():
            symbol = symbols[turn % len(symbols)]
            payload = json.dumps(self._tick(symbol), separators=(",", ":")).encode()
            headers = feed_headers(SIMULATED, symbol, "tick", self._clock.received_ns)
            yield Message(TOPIC, symbol.encode(), payload, headers)
            self._clock.tick()

    def _tick(self, symbol: str) -> dict[str, Any]:
        random = self._random
        mid = self._prices[symbol] = max(1.0, self._prices[symbol] * (1 + random.gauss(0, 0.0004)))
        half = 0.005 + round(random.expovariate(100), 2)
        self._sequences[symbol] += 1
        tick: dict[str, Any] = {
            "symbol": symbol,
            "event_time": _text(self._clock.event_ms * 1000),
            "received_time": _text(self._clock.received_ns // 1000),
            "bid_price": round(mid - half, 2),
            "bid_volume": random.randint(0, 40),
            "ask_price": round(mid + half + 0.01, 2),
            "ask_volume": random.randint(0, 40),
            "sequence_id": self._sequences[symbol],
        }
        for fault in fields(self._faults):
            if random.random() < getattr(self._faults, fault.name):
                getattr(self, f"_{fault.name}")(tick)
        return tick

    def _missing_field(self, tick: dict[str, Any]) -> None:
        name = self._random.choice([name for name in tick if name != "sequence_id"])
        tick[name] = None

    def _bad_price(self, tick: dict[str, Any]) -> None:
        tick["bid_price"] = self._random.choice([0, -1.5])

    def _bad_volume(self, tick: dict[str, Any]) -> None:
        tick["ask_volume"] = -5

    def _crossed(self, tick: dict[str, Any]) -> None:
        if tick["bid_price"] and tick["ask_price"]:
            tick["bid_price"], tick["ask_price"] = tick["ask_price"], tick["bid_price"]

    def _old_sequence(self, tick: dict[str, Any]) -> None:
        tick["sequence_id"] -= self._random.randint(1, 3)

    def _gaps(self, tick: dict[str, Any]) -> None:
        self._sequences[tick["symbol"] or next(iter(self._sequences))] += self._random.randint(1, 3)


def _text(epoch_us: int) -> str:
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=epoch_us)
    return f"{at:%Y-%m-%dT%H:%M:%S.%f}Z"
