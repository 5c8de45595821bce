"""`tickhouse publish simulated`: an exchange of our own."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from ingest.cli.options import Faults, Messages, Rate, Seed, Start, Symbols, listed, symbols_of
from ingest.cli.output import note
from ingest.cli.publish.deliver import deliver

if TYPE_CHECKING:
    from ingest.core.settings import Settings
    from ingest.feeds.simulated.clock import Clock
    from ingest.feeds.simulated.faults import Faults as SimulatedFaults
    from ingest.feeds.simulated.standing import Standing
    from ingest.feeds.simulated.symbols import Symbol
    from ingest.feeds.ticks import TickFaults

Chosen = TypeVar("Chosen", "SimulatedFaults", "TickFaults")

UNPACED_EVENT_RATE = 1000.0
"""Messages per second of event time, when they are published as fast as it goes."""


def simulated(
    messages: Messages = None,
    rate: Rate = "100",
    seed: Seed = 7,
    start: Start = None,
    symbols: Symbols = None,
    faults: Faults = None,
) -> None:
    """An exchange that speaks Binance's bytes, with a real order book behind it. Its venue is `simulated`.

    Without --start it goes on where it was: its numbers have no hole where it was stopped.

    tickhouse publish simulated --messages 50000 --seed 7 --rate max
    tickhouse publish simulated --rate 200 --faults duplicates=0.01,malformed=0.001
    """
    from ingest.core.settings import load_settings
    from ingest.feeds.pacing import paced
    from ingest.feeds.simulated.exchange import SimulatedExchange
    from ingest.feeds.simulated.faults import with_faults
    from ingest.operations.left_off import simulating

    settings = load_settings()
    per_second = parse_rate(rate)
    chosen = parse_simulated_faults(faults)
    markets = parse_symbols(symbols)
    with simulating(settings) as is_alone:
        going_on = {} if start else _standings(settings, is_alone=is_alone)
        clock = clock_for(start, per_second, messages)
        exchange = SimulatedExchange(clock, seed, markets, standings=going_on)
        feed = with_faults(islice(exchange.messages(), messages), chosen, seed, exchange.resync)
        deliver(settings, paced(feed, per_second))


def _standings(settings: "Settings", *, is_alone: bool) -> "dict[str, Standing]":
    """Where each market was, unless another process is there now."""
    from ingest.kafka.topic_admin import ensure_topics
    from ingest.operations.left_off import standings

    if not is_alone:
        note("Another simulated exchange runs: this one has numbers of its own, with a hole between them.")
        return {}
    ensure_topics(settings)
    return standings(settings)


def clock_for(start: datetime | None, per_second: float | None, messages: int | None) -> "Clock":
    """Real time for a live feed; otherwise a clock that makes the same bytes again, and ends by now."""
    from ingest.feeds.simulated.clock import RateClock, WallClock

    if start is None and per_second is not None:
        return WallClock()
    event_rate = per_second or UNPACED_EVENT_RATE
    if start is not None:
        return RateClock(start.replace(tzinfo=UTC), event_rate)
    return RateClock(datetime.now(UTC) - timedelta(seconds=(messages or 0) / event_rate), event_rate)


def parse_rate(rate: str) -> float | None:
    """Messages per second; None: as fast as it goes."""
    if rate == "max":
        return None
    try:
        per_second = float(rate)
    except ValueError:
        per_second = 0.0
    if not 0 < per_second < float("inf"):
        raise typer.BadParameter(f"--rate {rate}: a number of messages per second above 0, or `max`.")
    return per_second


def parse_simulated_faults(given: Sequence[str] | None) -> "SimulatedFaults":
    """Those of the simulated exchange."""
    from ingest.feeds.simulated.faults import Faults

    return parse_faults(given, Faults)


def parse_faults(given: Sequence[str] | None, kind: "type[Chosen]") -> "Chosen":
    """`name=share` pairs as a simulation's faults."""
    from dataclasses import fields

    kinds = {field.name: type(field.default) for field in fields(kind)}
    chosen: dict[str, Any] = {}
    for pair in listed(given):
        name, _, share = pair.partition("=")
        if name not in kinds:
            raise typer.BadParameter(f"--faults {pair}: there are {', '.join(kinds)}.")
        try:
            chosen[name] = kinds[name](share)
        except ValueError:
            raise typer.BadParameter(f"--faults {pair}: {share!r} is no number.") from None
        if kinds[name] is float and not 0 <= chosen[name] <= 1:
            raise typer.BadParameter(f"--faults {pair}: a share is from 0 to 1.")
    return kind(**chosen)


def parse_symbols(given: Sequence[str] | None) -> "list[Symbol]":
    """Markets of the simulated exchange by name."""
    from ingest.feeds.simulated.symbols import SYMBOLS

    known = {symbol.name: symbol for symbol in SYMBOLS}
    wanted = symbols_of(given, "BTCUSDT,ETHUSDT,ADAUSDT")
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise typer.BadParameter(f"--symbols {','.join(unknown)}: there are {', '.join(known)}.")
    return [known[name] for name in wanted]
