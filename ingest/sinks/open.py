"""The sinks that the settings name. A driver that is missing names the extra that brings it."""

from collections.abc import Sequence

from ingest.core.errors import SettingsInvalid
from ingest.core.settings import Settings
from ingest.sinks.protocol import Sink
from ingest.sinks.targets import POSTGRES, Target, redis_targets
from ingest.warehouse.followed import open_marts

SINKS = ("postgres", "redis")


def open_sinks(settings: Settings) -> list[Sink]:
    """Every configured one. Touches no store yet."""
    if settings.sink_names:
        open_marts(settings)  # an error, if sinks cannot follow this warehouse
    return [open_sink(settings, name) for name in settings.sink_names]


def targets_of(settings: Settings, name: str) -> Sequence[Target]:
    """What goes to a sink, without its driver."""
    match name:
        case "postgres":
            return POSTGRES
        case "redis":
            return redis_targets(settings)
    raise SettingsInvalid(f"There is no sink {name!r}. Set SINKS to one of: {', '.join(SINKS)}.")


def open_sink(settings: Settings, name: str) -> Sink:
    targets = targets_of(settings, name)
    match name:
        case "postgres":
            from ingest.services.postgres import sink_url
            from ingest.sinks.postgres.sink import PostgresSink

            return PostgresSink(sink_url(settings), targets)
        case _:
            from ingest.services.redis import sink_url as redis_url
            from ingest.sinks.redis import RedisSink

            return RedisSink(redis_url(settings), targets)


def find(sinks: Sequence[Sink], name: str) -> Sink:
    """One of these by its name."""
    for sink in sinks:
        if sink.name == name:
            return sink
    raise SettingsInvalid(f"The sink {name!r} is not configured: SINKS={','.join(s.name for s in sinks)}.")
