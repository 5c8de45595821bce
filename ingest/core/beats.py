"""How often a run drains, builds and tests: as set, or what suits the warehouse.

On a laptop a turn costs nothing, so it is short. Snowflake bills its warehouse by the second, a minute at
least: a turn there does all that is due at once, so that the warehouse wakes up once for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from ingest.core.settings import Settings

LIVE = "live"


@dataclass(frozen=True, slots=True)
class Beats:
    """Seconds between one and the next."""

    turn: float
    test: float
    cadences: Mapping[str, float]
    """Of a model's builds, by the cadence in its meta."""


DEFAULTS: Mapping[str, Beats] = {
    "duckdb": Beats(turn=1, test=60, cadences={LIVE: 0, "minute": 60, "hour": 3600, "day": 86400}),
    "snowflake": Beats(turn=60, test=300, cadences={LIVE: 0, "minute": 300, "hour": 3600, "day": 86400}),
}


def beats(settings: Settings) -> Beats:
    """Those that are set, and the warehouse's own for the rest."""
    usual = DEFAULTS[settings.warehouse]
    asked = {
        LIVE: settings.cadence_live_seconds,
        "minute": settings.cadence_minute_seconds,
        "hour": settings.cadence_hour_seconds,
        "day": settings.cadence_day_seconds,
    }
    are_set = {name: seconds for name, seconds in asked.items() if seconds is not None}
    turn = settings.micro_batch_turn_seconds
    return Beats(usual.turn if turn is None else turn, usual.test, {**usual.cadences, **are_set})
