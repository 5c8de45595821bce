"""The embedded services as parts of a stack; they outlive the command that starts them, so pid files tell."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ingest.core.settings import Settings
from ingest.operations.supervisor import Death
from ingest.services import broker, kafka_connect, postgres, redis


@dataclass(frozen=True, slots=True)
class ServicePart:
    """One that `tickhouse broker stop` and the like end in order is meant to be away: that is no death."""

    name: str
    log_path: Path
    _settings: Settings
    _has_died: Callable[[Settings], bool]
    _start: Callable[[Settings], None]

    def death(self) -> Death | None:
        return Death("died", is_violent=True) if self._has_died(self._settings) else None

    def start_again(self) -> None:
        self._start(self._settings)


def broker_part(settings: Settings) -> ServicePart:
    log = settings.kafka_home / "logs" / "broker.log"
    return ServicePart("broker", log, settings, broker.has_died, broker.start)


def postgres_part(settings: Settings) -> ServicePart:
    log = settings.postgres_home / "postgres.log"
    return ServicePart("embedded PostgreSQL", log, settings, postgres.has_died, postgres.start)


def redis_part(settings: Settings) -> ServicePart:
    log = settings.redis_home / "redis.log"
    return ServicePart("embedded Redis", log, settings, redis.has_died, redis.start)


def connect_part(settings: Settings) -> ServicePart:
    log = settings.connect_home / "logs" / "connect.log"
    return ServicePart("embedded Kafka Connect", log, settings, kafka_connect.has_died, kafka_connect.start)
