"""A simulated exchange that speaks Binance's wire formats, for a first run, for tests and for load.

    exchange = SimulatedExchange(RateClock(start, messages_per_second=1000), seed=7)
    for message in exchange.messages(): ...

With a `RateClock` a run can be repeated byte for byte; with a `WallClock` event times are real.
`with_faults` disturbs the stream. Each symbol has a real order book behind its messages:

    clock ─▶ price ─▶ order_flow ─▶ book, tape ─▶ market (via wire) ─▶ exchange ─▶ faults
"""

from ingest.feeds.simulated.clock import Clock, RateClock, WallClock
from ingest.feeds.simulated.exchange import SimulatedExchange
from ingest.feeds.simulated.faults import Faults, with_faults
from ingest.feeds.simulated.symbols import DEFAULT_SYMBOLS, SYMBOLS, Symbol

__all__ = [
    "DEFAULT_SYMBOLS",
    "SYMBOLS",
    "Clock",
    "Faults",
    "RateClock",
    "SimulatedExchange",
    "Symbol",
    "WallClock",
    "with_faults",
]
