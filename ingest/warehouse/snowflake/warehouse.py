"""The warehouse in Snowflake: the file goes up first, then one short transaction takes it in.

put file ─▶ begin ─▶ batch number ─▶ compare-and-swap positions ─▶ copy ─▶ commit
"""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress

import pyarrow as pa
from snowflake.connector.cursor import SnowflakeCursor
from snowflake.connector.errors import Error

from ingest.core.errors import StaleLanding, WarehouseUnavailable
from ingest.core.settings import Settings
from ingest.warehouse.connection import Connection
from ingest.warehouse.protocol import Batch, Found, Landed, Landing, TopicPositions, Warehouse, by_topic
from ingest.warehouse.raw_schema import payload_bytes
from ingest.warehouse.snowflake import lease, reading
from ingest.warehouse.snowflake.capabilities import CAPABILITIES
from ingest.warehouse.snowflake.connection import SnowflakeConnection
from ingest.warehouse.snowflake.migrate import apply_migrations
from ingest.warehouse.snowflake.shared_session import SharedSession
from ingest.warehouse.snowflake.upload import copy_statement, upload
from ingest.warehouse.snowflake.uploads import Uploads, uploaded


class SnowflakeWarehouse(Warehouse):
    """Lands batches in Snowflake. One session, opened at the first question, shared by threads in turn."""

    capabilities = CAPABILITIES

    def __init__(
        self, settings: Settings, run_id: str | None = None, is_gone: lease.IsGone = lambda _: False
    ) -> None:
        self._session = SharedSession(settings, run_id)
        self._uploads = Uploads(settings, run_id)
        self._builder = run_id or f"no-run-{uuid.uuid4()}"
        self._expires_seconds = settings.snowflake_turn_expires_seconds
        self._is_gone = is_gone

    def close(self) -> None:
        self._uploads.close()
        self._session.close()

    def cursor(self) -> AbstractContextManager[SnowflakeCursor]:
        """A cursor of the session. After an error of the network the next question opens a new one."""
        return self._session.cursor()

    @contextmanager
    def open(self) -> Iterator[SnowflakeConnection]:
        with self.building():
            yield SnowflakeConnection(self.cursor)

    @contextmanager
    def reading(self) -> Iterator[SnowflakeConnection]:
        yield SnowflakeConnection(self.cursor)

    @contextmanager
    def writing(self) -> Iterator[SnowflakeConnection]:
        """The session is this thread's until the end: what another one sent would be in the transaction."""
        with self.cursor():
            yield SnowflakeConnection(self.cursor)

    def building(self) -> AbstractContextManager[None]:
        return lease.turn(self.cursor, self._builder, self._expires_seconds, self._is_gone)

    def migrate(self) -> None:
        with self.cursor() as cursor:
            apply_migrations(cursor)

    def positions(self) -> Mapping[str, TopicPositions]:
        with self.cursor() as cursor:
            cursor.execute("""
                select lives.topic, lives.topic_life, lives.topic_id,
                    placed.kafka_partition, placed.next_offset
                from ops.topic_lives as lives
                left join ops.positions as placed
                    on placed.topic = lives.topic and placed.topic_life = lives.topic_life
                qualify lives.topic_life = max(lives.topic_life) over (partition by lives.topic)
            """)
            return by_topic(cursor.fetchall())

    def ask(
        self,
        statement: str,
        values: Mapping[str, object] | None = None,
        *,
        at_most: int | None = None,
        time_limit: float = 60,
        is_safe: bool = False,  # noqa: ARG002  (SNOWFLAKE_ROLE says what may be done, always)
    ) -> Found:
        return reading.ask(self.cursor, statement, values, at_most, time_limit)

    def looking(self, time_limit: float) -> AbstractContextManager[SnowflakeConnection]:  # noqa: ARG002
        """Nobody waits meanwhile."""
        return self.reading()

    def row_counts(self, connection: Connection, schemas: Sequence[str]) -> Mapping[tuple[str, str], int]:
        return reading.row_counts(connection, schemas)

    def size_bytes(self) -> None:
        """Its storage is on the account's bill."""

    def shrink(self) -> None:
        """Storage that is free again is Snowflake's affair."""

    def prepare(self, batches: Sequence[Batch]) -> Sequence[Batch]:
        return self._uploads.prepare(batches)

    def land(self, batch: Batch, run_id: str | None) -> Landed:
        with self.cursor() as cursor:
            # Outside the transaction: it takes the longest, and nothing of it is seen before the copy.
            paths = uploaded(cursor, batch)
            with transaction(cursor):
                batch_id = self.new_batch(SnowflakeConnection(self.cursor), "landing", batch.topic, run_id)
                return _land(cursor, batch, paths, batch_id)

    @staticmethod
    def new_batch(connection: Connection, kind: str, topic: str, run_id: str | None) -> int:
        """The next number. Its first statement waits for others that make a batch, and holds them off."""
        connection.execute("update ops.newest_batch set batch_id = batch_id + 1")
        [(batch_id,)] = connection.execute("select batch_id from ops.newest_batch").fetchall()
        connection.execute(
            """insert into ops.batches (batch_id, kind, topic, run_id, committed_at)
               select ?, ?, ?, ?, sysdate()""",
            [batch_id, kind, topic, run_id],
        )
        return int(batch_id)

    def add_rows(self, connection: Connection, raw_table: str, rows: pa.Table, batch_id: int) -> None:  # noqa: ARG002
        if rows.num_rows:
            with self.cursor() as cursor:
                _copy(cursor, raw_table, upload(cursor, raw_table, rows), batch_id, rows.num_rows)

    def take_lease(self, name: str, run_id: str) -> None:
        with self.cursor() as cursor:
            lease.take(cursor, name, run_id)

    def release_lease(self, name: str) -> None:
        with self.cursor() as cursor:
            lease.free(cursor, name)

    def lease_holder(self, name: str) -> str | None:
        with self.cursor() as cursor:
            return lease.holder(cursor, name)


@contextmanager
def transaction(cursor: SnowflakeCursor) -> Iterator[None]:
    cursor.execute("begin")
    try:
        yield
    except BaseException:
        # A session that is cut off rolls back by itself; the error that led here is the one to show.
        with suppress(Error):
            cursor.execute("rollback")
        raise
    cursor.execute("commit")


def _land(cursor: SnowflakeCursor, batch: Batch, paths: Sequence[str | None], batch_id: int) -> Landed:
    opened = _open_life(cursor, batch)
    for landing, path in zip(batch.landings, paths, strict=True):
        _move_position(cursor, landing)
        _copy_rows(cursor, batch, landing, path, batch_id)
    return Landed.of(batch, batch_id, opened=opened)


def _open_life(cursor: SnowflakeCursor, batch: Batch) -> bool:
    cursor.execute("select coalesce(max(topic_life), 0) from ops.topic_lives where topic = ?", [batch.topic])
    (newest,) = cursor.fetchall()[0]
    if newest == batch.life:
        return False
    if newest != batch.life - 1:
        raise StaleLanding(f"{batch.topic} is in life {newest}, the batch was read in life {batch.life}.")
    cursor.execute(
        "insert into ops.topic_lives select ?, ?, ?, sysdate(), ?",
        [batch.topic, batch.life, batch.topic_id, batch.life_reason],
    )
    return True


def _move_position(cursor: SnowflakeCursor, landing: Landing) -> None:
    """Compare and swap: the position must be where the batch began, or somebody else has landed it."""
    at, end = landing.window.partition, landing.window.end
    here = [at.topic, at.life, at.number]
    where = "topic = ? and topic_life = ? and kafka_partition = ?"
    if landing.position is None:
        cursor.execute(
            f"""insert into ops.positions select ?, ?, ?, ?, sysdate()
                where not exists (select 1 from ops.positions where {where})""",
            [*here, end, *here],
        )
    else:
        cursor.execute(
            f"""update ops.positions set next_offset = ?, moved_at = sysdate()
                where {where} and next_offset = ?""",
            [end, *here, landing.position],
        )
    if not cursor.rowcount:
        raise landing.stale()


def _copy_rows(
    cursor: SnowflakeCursor, batch: Batch, landing: Landing, path: str | None, batch_id: int
) -> None:
    window, at = landing.window, landing.window.partition
    where = [at.topic, at.life, at.number, window.first, window.end]
    if path is not None:
        _copy(cursor, batch.raw_table, path, batch_id, landing.rows.num_rows)
    cursor.execute(
        "insert into ops.windows select ?, ?, ?, ?, ?, ?, ?, ?",
        [batch_id, *where, landing.rows.num_rows, payload_bytes(landing.rows)],
    )
    if landing.lost:
        cursor.execute(
            "insert into ops.lost_ranges select ?, ?, ?, ?, ?, ?, ?, sysdate()",
            [
                *(batch_id, at.topic, at.life, at.number),
                *(landing.lost.first, landing.lost.end, landing.lost_reason),
            ],
        )


def _copy(cursor: SnowflakeCursor, raw_table: str, path: str, batch_id: int, row_count: int) -> None:
    cursor.execute(copy_statement(raw_table, path, batch_id))
    loaded = sum(int(row[3]) for row in cursor.fetchall() if len(row) > 3)
    if loaded != row_count:
        raise WarehouseUnavailable(
            f"raw.{raw_table}: Snowflake took {loaded} of {row_count} rows; none stayed."
        )
