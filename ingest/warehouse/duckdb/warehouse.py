"""The warehouse on a laptop: one DuckDB file with the schemas raw, staging, marts and ops."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import cast

import duckdb
import pyarrow as pa

from ingest.core.errors import StaleLanding
from ingest.core.topics import TOPICS
from ingest.warehouse.connection import Connection, transaction
from ingest.warehouse.duckdb import reading
from ingest.warehouse.duckdb.capabilities import CAPABILITIES
from ingest.warehouse.duckdb.file import DuckDbFile, disk_full
from ingest.warehouse.duckdb.migrate import apply_migrations
from ingest.warehouse.duckdb.positions import read_positions
from ingest.warehouse.duckdb.shrink import shrink
from ingest.warehouse.protocol import Batch, Found, Landed, Landing, Shrunk, TopicPositions, Warehouse
from ingest.warehouse.raw_schema import payload_bytes

RAW_COLUMNS = """
    kafka_topic varchar, topic_life integer, kafka_partition integer, kafka_offset bigint,
    key varchar, key_bytes blob, published_at timestamp, received_at timestamp,
    headers struct(name varchar, value varchar, value_bytes blob)[],
    payload varchar, payload_bytes blob, landed_at timestamp, batch_id bigint
"""

LANDING_ROWS = "landing_rows"


class DuckDbWarehouse(Warehouse):
    """Lands batches in a DuckDB file. Methods open it for themselves; inside `open()` they share it."""

    capabilities = CAPABILITIES

    def __init__(self, path: Path, wait_seconds: float | None = None) -> None:
        self.file = DuckDbFile(path)
        self._wait_seconds = wait_seconds
        self._open: duckdb.DuckDBPyConnection | None = None

    @contextmanager
    def open(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Hold the file for several steps: landing, then dbt in this process, then checks."""
        with self._alone() as connection:
            self._open = connection
            try:
                yield connection
            finally:
                self._open = None

    @contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        if self._open is not None:
            yield self._open
        else:
            with self.file.reading(self._wait_seconds) as connection:
                yield connection

    def building(self) -> AbstractContextManager[None]:
        """dbt takes the file's lock by itself, model by model (orchestration/dbt/warehouse_lock.py)."""
        return nullcontext()

    def migrate(self) -> None:
        self.file.create()
        with self.writing() as connection:
            apply_migrations(connection)
            for topic in TOPICS:
                connection.execute(f"create table if not exists raw.{topic.raw_table} ({RAW_COLUMNS})")

    def positions(self) -> Mapping[str, TopicPositions]:
        if not self.file.path.exists():
            return {}
        with self.reading() as connection:
            return read_positions(connection)

    def prepare(self, batches: Sequence[Batch]) -> Sequence[Batch]:
        """A file wants no preparation."""
        return batches

    def land(self, batch: Batch, run_id: str | None) -> Landed:
        with self.writing() as connection:
            try:
                with _one_thread(connection), transaction(connection):
                    return _land(connection, batch, run_id)
            except (duckdb.TransactionException, duckdb.ConstraintException) as error:
                if disk_full(error, self.file.path):
                    raise
                raise StaleLanding(f"{batch.topic}: another thread landed it meanwhile ({error}).") from error

    @staticmethod
    def new_batch(connection: Connection, kind: str, topic: str, run_id: str | None) -> int:
        return new_batch(connection, kind, topic, run_id)

    def add_rows(self, connection: Connection, raw_table: str, rows: pa.Table, batch_id: int) -> None:
        _insert(cast("duckdb.DuckDBPyConnection", connection), raw_table, rows, batch_id)

    def take_lease(self, name: str, run_id: str) -> None:
        with self.writing() as connection:
            connection.execute(
                "insert or replace into ops.lease values (?, ?, now()::timestamp)", [name, run_id]
            )

    def release_lease(self, name: str) -> None:
        with self.writing() as connection:
            connection.execute("delete from ops.lease where name = ?", [name])

    def lease_holder(self, name: str) -> str | None:
        with self.reading() as connection:
            row = connection.execute("select run_id from ops.lease where name = ?", [name]).fetchone()
        return row[0] if row else None

    def ask(
        self,
        statement: str,
        values: Mapping[str, object] | None = None,
        *,
        at_most: int | None = None,
        time_limit: float = 60,
        is_safe: bool = False,
    ) -> Found:
        return reading.ask(
            self.file, self._wait_seconds, statement, values, at_most, time_limit, is_safe=is_safe
        )

    def looking(self, time_limit: float) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        return reading.looking(self.file, self._wait_seconds, time_limit)

    def row_counts(self, connection: Connection, schemas: Sequence[str]) -> Mapping[tuple[str, str], int]:
        return reading.row_counts(connection, list(schemas))

    def size_bytes(self) -> int:
        return self.file.path.stat().st_size if self.file.path.exists() else 0

    def shrink(self) -> Shrunk:
        return shrink(self.file)

    @contextmanager
    def writing(self) -> Iterator[duckdb.DuckDBPyConnection]:
        if self._open is not None:
            yield self._open
        else:
            with self._alone() as connection:
                yield connection

    @contextmanager
    def _alone(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The file lock keeps other processes out, this other threads: where two transactions insert the
        same key at once, DuckDB 2.0 has been seen to lose the row and to keep its key in the index."""
        with self.file.lock.one_thread(), self.file.writing(self._wait_seconds) as connection:
            yield connection


@contextmanager
def _one_thread(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Two threads cut a batch into smaller row groups, which a checkpoint then merges: a fifth more CPU,
    150 MB more memory, and the core that reads Kafka."""
    connection.execute("set threads = 1")
    try:
        yield
    finally:
        # After some errors the connection takes no statement any more; those are the ones to show.
        with suppress(duckdb.Error):
            connection.execute("reset threads")


def _land(connection: duckdb.DuckDBPyConnection, batch: Batch, run_id: str | None) -> Landed:
    batch_id = new_batch(connection, "landing", batch.topic, run_id)
    opened = _open_life(connection, batch)
    for landing in batch.landings:
        _move_position(connection, landing)
        _insert_rows(connection, batch, landing, batch_id)
    return Landed.of(batch, batch_id, opened=opened)


def new_batch(connection: Connection, kind: str, topic: str, run_id: str | None) -> int:
    """The next batch number: taken inside the transaction, so that numbers follow commit order."""
    row = connection.execute(
        """insert into ops.batches (batch_id, kind, topic, run_id, committed_at)
           select coalesce(max(batch_id), 0) + 1, ?, ?, ?, now()::timestamp from ops.batches
           returning batch_id""",
        [kind, topic, run_id],
    ).fetchone()
    assert row is not None  # noqa: S101  (an insert of one row returns one row)
    return row[0]


def _open_life(connection: duckdb.DuckDBPyConnection, batch: Batch) -> bool:
    row = connection.execute(
        "select coalesce(max(topic_life), 0) from ops.topic_lives where topic = ?", [batch.topic]
    ).fetchone()
    newest = row[0] if row else 0
    if newest == batch.life:
        return False
    if newest != batch.life - 1:
        raise StaleLanding(f"{batch.topic} is in life {newest}, the batch was read in life {batch.life}.")
    connection.execute(
        "insert into ops.topic_lives values (?, ?, ?, now()::timestamp, ?)",
        [batch.topic, batch.life, batch.topic_id, batch.life_reason],
    )
    return True


def _move_position(connection: duckdb.DuckDBPyConnection, landing: Landing) -> None:
    """Compare and swap: the position must be where the batch began, or somebody else has landed it."""
    at = landing.window.partition
    if landing.position is None:
        sql = """insert into ops.positions select ?, ?, ?, ?, now()::timestamp
                 where not exists (select 1 from ops.positions
                                   where topic = ? and topic_life = ? and kafka_partition = ?)
                 returning next_offset"""
        values = [at.topic, at.life, at.number, landing.window.end, at.topic, at.life, at.number]
    else:
        sql = """update ops.positions set next_offset = ?, moved_at = now()::timestamp
                 where topic = ? and topic_life = ? and kafka_partition = ? and next_offset = ?
                 returning next_offset"""
        values = [landing.window.end, at.topic, at.life, at.number, landing.position]
    if connection.execute(sql, values).fetchone() is None:
        raise landing.stale()


def _insert_rows(
    connection: duckdb.DuckDBPyConnection, batch: Batch, landing: Landing, batch_id: int
) -> None:
    window, rows = landing.window, landing.rows
    at = window.partition
    _insert(connection, batch.raw_table, rows, batch_id)
    connection.execute(
        "insert into ops.windows values (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            batch_id,
            at.topic,
            at.life,
            at.number,
            window.first,
            window.end,
            rows.num_rows,
            payload_bytes(rows),
        ],
    )
    if landing.lost:
        connection.execute(
            "insert into ops.lost_ranges values (?, ?, ?, ?, ?, ?, ?, now()::timestamp)",
            [
                *(batch_id, at.topic, at.life, at.number),
                *(landing.lost.first, landing.lost.end, landing.lost_reason),
            ],
        )


def _insert(connection: duckdb.DuckDBPyConnection, raw_table: str, rows: pa.Table, batch_id: int) -> None:
    connection.register(LANDING_ROWS, rows)
    connection.execute(
        f"insert into raw.{raw_table} select *, now()::timestamp, {batch_id} from {LANDING_ROWS}"
    )
    connection.unregister(LANDING_ROWS)  # not in a `finally`: it fails after an error, and would hide it
