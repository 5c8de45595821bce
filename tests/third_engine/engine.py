"""A third warehouse, in memory, to prove that an engine is one folder: nothing else knows of it.

WAREHOUSE=tests.third_engine.engine
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from ingest.core.beats import CADENCES, Beats
from ingest.core.errors import QueryFailed, StaleLanding
from ingest.core.settings import Settings
from ingest.core.topics import TOPICS
from ingest.warehouse.capabilities import Capabilities, Limits
from ingest.warehouse.connection import Connection, places, transaction
from ingest.warehouse.engine import Caller, Engine
from ingest.warehouse.protocol import Batch, Found, Landed, Landing, TopicPositions, Warehouse, by_topic
from ingest.warehouse.raw_schema import payload_bytes

CAPABILITIES = Capabilities(
    title="Memory",
    is_metered=False,
    copies=None,
    beats=Beats(turn=1, test=60, cadences=CADENCES),
    limits=Limits(max_messages=1000),
    retry_seconds=10,
    table_function="{}",
)


class Answered:
    """A driver's own errors stay within its folder."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def execute(self, query: str, parameters: Sequence[Any] = (), /) -> duckdb.DuckDBPyConnection:
        try:
            return self._connection.execute(query, list(parameters))
        except duckdb.Error as error:
            raise QueryFailed(str(error)) from error


@dataclass
class Store:
    """One for each TICKHOUSE_HOME, as long as the process lives."""

    connection: duckdb.DuckDBPyConnection = field(default_factory=duckdb.connect)
    lock: threading.RLock = field(default_factory=threading.RLock)


_stores: dict[Path, Store] = {}


class MemoryWarehouse(Warehouse):
    """Whoever uses it has it alone."""

    capabilities = CAPABILITIES

    def __init__(self, home: Path) -> None:
        self._store = _stores.setdefault(home, Store())

    @contextmanager
    def open(self) -> Iterator[Answered]:
        with self._store.lock:
            yield Answered(self._store.connection)

    def reading(self) -> AbstractContextManager[Answered]:
        return self.open()

    def writing(self) -> AbstractContextManager[Answered]:
        return self.open()

    def building(self) -> AbstractContextManager[None]:
        return nullcontext()

    def migrate(self) -> None:
        with self.open() as connection:
            if not self._exists(connection):
                connection.execute(resources.files("tests.third_engine").joinpath("ops.sql").read_text())
                for topic in TOPICS:
                    connection.execute(f"create table raw.{topic.raw_table} as from raw.any_topic")

    def positions(self) -> Mapping[str, TopicPositions]:
        with self.open() as connection:
            if not self._exists(connection):
                return {}
            return by_topic(
                connection.execute(
                    """select topic, topic_life, topic_id, kafka_partition, next_offset
                       from ops.topic_lives left join ops.positions using (topic, topic_life)
                       qualify topic_life = max(topic_life) over (partition by topic)"""
                ).fetchall()
            )

    def ask(
        self,
        statement: str,
        values: Mapping[str, object] | None = None,
        *,
        at_most: int | None = None,
        time_limit: float = 60,  # noqa: ARG002  (nobody waits for memory)
        is_safe: bool = False,  # noqa: ARG002  (no file, no network, nothing to keep from anybody)
    ) -> Found:
        with self._store.lock:
            try:
                found = self._store.connection.execute(statement, dict(values or {}))
            except duckdb.Error as error:
                raise QueryFailed(str(error)) from error
            rows = found.fetchall() if at_most is None else found.fetchmany(at_most)
            return Found([column[0] for column in found.description or ()], rows)

    def looking(self, time_limit: float) -> AbstractContextManager[Answered]:  # noqa: ARG002
        return self.open()

    def row_counts(self, connection: Connection, schemas: Sequence[str]) -> Mapping[tuple[str, str], int]:
        tables = connection.execute(
            f"""select schema_name, table_name, estimated_size from duckdb_tables()
                where schema_name in ({places(schemas)}) and not temporary""",
            list(schemas),
        )
        return {(schema, table): count for schema, table, count in tables.fetchall()}

    def size_bytes(self) -> None:
        """It takes no disk."""

    def shrink(self) -> None:
        """Nor can it give any back."""

    def prepare(self, batches: Sequence[Batch]) -> Sequence[Batch]:
        return batches

    def land(self, batch: Batch, run_id: str | None) -> Landed:
        with self.open() as connection, transaction(connection):
            batch_id = self.new_batch(connection, "landing", batch.topic, run_id)
            opened = _open_life(connection, batch)
            for landing in batch.landings:
                _move_position(connection, landing)
                self.add_rows(connection, batch.raw_table, landing.rows, batch_id)
                _write_down(connection, landing, batch_id)
            return Landed.of(batch, batch_id, opened=opened)

    @staticmethod
    def new_batch(connection: Connection, kind: str, topic: str, run_id: str | None) -> int:
        [(batch_id,)] = connection.execute(
            """insert into ops.batches (batch_id, kind, topic, run_id, committed_at)
               select coalesce(max(batch_id), 0) + 1, ?, ?, ?, now()::timestamp from ops.batches
               returning batch_id""",
            [kind, topic, run_id],
        ).fetchall()
        return batch_id

    def add_rows(self, connection: Connection, raw_table: str, rows: pa.Table, batch_id: int) -> None:
        self._store.connection.register("arrived", rows)
        connection.execute(f"insert into raw.{raw_table} select *, now()::timestamp, {batch_id} from arrived")
        self._store.connection.unregister("arrived")

    def take_lease(self, name: str, run_id: str) -> None:
        with self.open() as connection:
            self.release_lease(name)
            connection.execute("insert into ops.lease values (?, ?, now()::timestamp)", [name, run_id])

    def release_lease(self, name: str) -> None:
        with self.open() as connection:
            connection.execute("delete from ops.lease where name = ?", [name])

    def lease_holder(self, name: str) -> str | None:
        with self.open() as connection:
            held = connection.execute("select run_id from ops.lease where name = ?", [name]).fetchone()
            return held[0] if held else None

    @staticmethod
    def _exists(connection: Connection) -> bool:
        return connection.execute("from duckdb_schemas() where schema_name = 'ops'").fetchone() is not None


def _open_life(connection: Connection, batch: Batch) -> bool:
    [(newest,)] = connection.execute(
        "select coalesce(max(topic_life), 0) from ops.topic_lives where topic = ?", [batch.topic]
    ).fetchall()
    if newest not in (batch.life, batch.life - 1):
        raise StaleLanding(f"{batch.topic} is in life {newest}, the batch was read in life {batch.life}.")
    if newest < batch.life:
        connection.execute(
            "insert into ops.topic_lives values (?, ?, ?, now()::timestamp, ?)",
            [batch.topic, batch.life, batch.topic_id, batch.life_reason],
        )
    return newest < batch.life


def _move_position(connection: Connection, landing: Landing) -> None:
    at = landing.window.partition
    here = [at.topic, at.life, at.number]
    found = connection.execute(
        """select next_offset from ops.positions
           where topic = ? and topic_life = ? and kafka_partition = ?""",
        here,
    ).fetchone()
    if (found[0] if found else None) != landing.position:
        raise landing.stale()
    connection.execute(
        "delete from ops.positions where topic = ? and topic_life = ? and kafka_partition = ?", here
    )
    connection.execute(
        "insert into ops.positions values (?, ?, ?, ?, now()::timestamp)", [*here, landing.window.end]
    )


def _write_down(connection: Connection, landing: Landing, batch_id: int) -> None:
    at, window, lost = landing.window.partition, landing.window, landing.lost
    place = [batch_id, at.topic, at.life, at.number]
    connection.execute(
        "insert into ops.windows values (?, ?, ?, ?, ?, ?, ?, ?)",
        [*place, window.first, window.end, landing.rows.num_rows, payload_bytes(landing.rows)],
    )
    if lost:
        connection.execute(
            "insert into ops.lost_ranges values (?, ?, ?, ?, ?, ?, 'retention', now()::timestamp)",
            [*place, lost.first, lost.end],
        )


def _open(settings: Settings, _: Caller) -> MemoryWarehouse:
    return MemoryWarehouse(settings.tickhouse_home)


ENGINE = Engine(
    CAPABILITIES, _open, dbt_target=lambda _: "target/memory", dbt_variables=lambda _settings, _run_id: {}
)
