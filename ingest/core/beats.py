"""How often a run drains, builds and tests: as set, or what suits the warehouse."""

from collections.abc import Mapping
from dataclasses import dataclass

from ingest.core.settings import Settings

LIVE = "live"
CADENCES: Mapping[str, float] = {LIVE: 0, "minute": 60, "hour": 3600, "day": 86400}
"""How often a model is built, by the cadence in its meta: seconds between one build and the next."""


@dataclass(frozen=True, slots=True)
class Beats:
    """Seconds between one and the next."""

    turn: float
    test: float
    cadences: Mapping[str, float]


def beats(settings: Settings, usual: Beats) -> Beats:
    """Those that are set, and the warehouse's own for the rest."""
    asked = {
        LIVE: settings.cadence_live_seconds,
        "minute": settings.cadence_minute_seconds,
        "hour": settings.cadence_hour_seconds,
        "day": settings.cadence_day_seconds,
    }
    are_set = {name: seconds for name, seconds in asked.items() if seconds is not None}
    turn = settings.micro_batch_turn_seconds
    return Beats(usual.turn if turn is None else turn, usual.test, {**usual.cadences, **are_set})
