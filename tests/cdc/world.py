"""PostgreSQL, Debezium, a broker, the drain and dbt, all real: what was written must be in the warehouse."""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from ingest.core.settings import Settings
from ingest.feeds.change_data.tables import TABLES, Table
from ingest.services import change_data as capture
from ingest.services import kafka_connect, kafka_connect_config, postgres
from tests.cdc.database import Database
from tests.feeds_to_marts.pipeline import Pipeline

PATIENCE_SECONDS = 120
MODELS = "+path:models/marts/change_data"


@dataclass
class World:
    """The services of one home, and what has come of their changes."""

    settings: Settings
    database: Database
    pipeline: Pipeline

    def arrive(self) -> None:
        """Until all that was committed has landed and is built: the current tables are PostgreSQL's."""
        marker = self.database.mark()
        sql = f"""select count(*) from raw.cdc_binance_prices
                  where payload->>'$.after.symbol' = 'MARKER' and payload->>'$.after.price' = '{marker}'"""

        def has_come() -> bool:
            self.pipeline.land()
            return self.pipeline.rows(sql) != [(0,)]

        awaited("the last change", has_come)

        def is_same() -> bool:
            self.pipeline.land()
            self.pipeline.build(MODELS)
            return all(self.current(table) == self.there(table) for table in TABLES)

        awaited("the same rows on both sides", is_same)

    def current(self, table: Table) -> list[tuple]:
        sql = f"select {', '.join(table.columns)} from marts.fct_cdc_{table.name}_current"
        return sorted(self.pipeline.rows(sql), key=repr)

    def there(self, table: Table) -> list[tuple]:
        return sorted(map(_as_in_warehouse, self.database.rows(table)), key=repr)

    def history(self, table: Table) -> dict[tuple, list[tuple]]:
        """By key: each version of a row, and what ended it, in PostgreSQL's order."""
        columns = ", ".join(table.columns)
        found: dict[tuple, list[tuple]] = {}
        sql = f"select {columns}, ended_by from marts.fct_cdc_{table.name}_history order by lsn"
        for row in self.pipeline.rows(sql):
            found.setdefault(row[: len(table.key)], []).append(row)
        return found

    def journal(self, table: Table) -> dict[tuple, list[tuple]]:
        """What the history should be."""
        found: dict[tuple, list[tuple]] = {}
        for (name, _), versions in self.database.journal.versions.items():
            if name == table.name:
                rows = [
                    (*_as_in_warehouse([each.row[column] for column in table.columns]), each.ended_by)
                    for each in versions
                ]
                found[rows[0][: len(table.key)]] = rows
        return found


def start_capture(settings: Settings) -> None:
    """Told so for this start only: another test compares what we tell Connect with compose.yaml."""
    with pytest.MonkeyPatch.context() as patch:
        # Far apart, so that Connect has always sent something that it does not know of after a kill.
        patch.setitem(kafka_connect_config.WORKER, "offset.flush.interval.ms", 3_600_000)
        patch.setitem(kafka_connect_config.CONNECTOR, "heartbeat.interval.ms", "1000")
        capture.start(settings)


def kill(pid: int | None, is_there: Callable[[], int | None]) -> None:
    """As the system's memory killer does it."""
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    awaited("its end", lambda: is_there() is None)


def kill_connect(settings: Settings) -> None:
    kill(kafka_connect.pid(settings), lambda: kafka_connect.pid(settings))


def kill_postgres(settings: Settings) -> None:
    kill(postgres.pid(settings), lambda: postgres.pid(settings))


def awaited(what: str, look: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not look():
        assert time.monotonic() < deadline, f"{what}: not within {PATIENCE_SECONDS} s"
        time.sleep(0.05)


def _as_in_warehouse(row: "tuple | list") -> tuple:
    """Times in UTC, without zone."""
    return tuple(
        value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) else value for value in row
    )
