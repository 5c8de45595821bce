"""Change data capture as one service: PostgreSQL and Kafka Connect, and whether changes still come through.

PostgreSQL ─ tables ─ slot ─▶ Connect with Debezium ─▶ cdc.binance.*
"""

import time
from dataclasses import dataclass

from ingest.core.errors import ServiceFailed
from ingest.core.settings import Settings
from ingest.services import kafka_connect, postgres
from ingest.services.kafka_connect_config import NAME

HELD_TOO_MUCH_BYTES = 1_000_000_000
LOOK_EVERY_SECONDS = 10.0
READING_PATIENCE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class ChangeDataStatus:
    """How it stands."""

    task: str
    """RUNNING, FAILED, AWAY, …: see debezium.TaskState."""
    reason: str
    slot: str
    """active, inactive, lost, missing, or unknown: PostgreSQL does not answer."""
    held_bytes: int | None
    """How much of PostgreSQL's log the slot keeps from being deleted."""

    @property
    def is_wrong(self) -> bool:
        held_too_much = (self.held_bytes or 0) > HELD_TOO_MUCH_BYTES
        return self.task in ("FAILED", "MISSING", "AWAY") or self.slot != "active" or held_too_much

    def __str__(self) -> str:
        held = "" if self.held_bytes is None else f", {self.held_bytes / 1e6:.1f} MB of log held"
        return f"task {self.task}, slot {self.slot}{held}{f': {self.reason}' if self.reason else ''}"


def start(settings: Settings) -> None:
    """Bring both up, with the tables and the connector, until it reads; the topics must be there."""
    from ingest.feeds.change_data.loader import make_tables

    if settings.postgres_url is None:
        postgres.start(settings)
    make_tables(postgres.postgres_url(settings))
    kafka_connect.start(settings)
    deadline = time.monotonic() + READING_PATIENCE_SECONDS
    while (found := status(settings)) is None or found.slot != "active":
        if time.monotonic() > deadline:
            raise ServiceFailed(f"Debezium does not read PostgreSQL's log: {found}.")
        time.sleep(0.1)


def stop(settings: Settings) -> None:
    """Both, the reader first; fine if they do not run."""
    kafka_connect.stop(settings)
    postgres.stop(settings)


def status(settings: Settings) -> ChangeDataStatus | None:
    """None: it was never started here, or was stopped."""
    if kafka_connect.is_stopped(settings):
        return None
    task = kafka_connect.state(settings)
    slot, held_bytes = _slot(settings)
    return ChangeDataStatus(task.state, task.reason, slot, held_bytes)


def _slot(settings: Settings) -> tuple[str, int | None]:
    import psycopg

    try:
        with psycopg.connect(postgres.postgres_url(settings), connect_timeout=5) as connection:
            row = connection.execute(
                """select active, wal_status, pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::bigint
                   from pg_replication_slots where slot_name = %s""",
                [NAME],
            ).fetchone()
    except psycopg.Error:
        return "unknown", None
    if row is None:
        return "missing", None
    active, wal_status, held_bytes = row
    return "lost" if wal_status == "lost" else "active" if active else "inactive", held_bytes


class Watch:
    """Looks now and then, and has what has failed tried again; tells of it when it changes."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._next_look = time.monotonic() + LOOK_EVERY_SECONDS
        self._was_wrong = False

    def news(self) -> str | None:
        """What to say, if there is something."""
        if time.monotonic() < self._next_look:
            return None
        found = status(self._settings)
        self._next_look = time.monotonic() + LOOK_EVERY_SECONDS
        if found is None:
            return None
        if found.task == "FAILED":
            kafka_connect.restart_failed(self._settings)
        if found.is_wrong == self._was_wrong:
            return None
        self._was_wrong = found.is_wrong
        return f"Change data capture {'is in trouble' if found.is_wrong else 'works again'}: {found}."
