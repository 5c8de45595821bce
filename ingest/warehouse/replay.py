"""Replay: rows that have landed are built again. Nothing is read from Kafka and no raw row changes.

range of time or offsets ─▶ batches ─▶ one more batch that names them ─▶ every model builds them again
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ingest.core.errors import NeedsAttention
from ingest.core.topics import Topic
from ingest.core.window import Window
from ingest.warehouse.connection import Connection, transaction
from ingest.warehouse.protocol import Warehouse


@dataclass(frozen=True, slots=True)
class Batches:
    """Batches of one topic, first and last included."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Replay:
    """A replay that is committed; the next build of each model takes it up."""

    batch_id: int
    batches: Batches
    row_count: int


def replay(
    warehouse: Warehouse, topic: Topic, batches: Batches | None = None, run_id: str | None = None
) -> Replay:
    """Have every model build these batches again; without them, all that the raw table holds rows of."""
    with warehouse.writing() as connection:
        batches = batches or batches_between(connection, topic, None, None)
        rows = _row_count(connection, topic, batches)
        if not rows:
            raise NeedsAttention(
                f"raw.{topic.raw_table} holds no rows of the batches {batches.first} to {batches.last}: "
                "nothing to replay. They never were, or they have been pruned."
            )
        with transaction(connection):
            batch_id = warehouse.new_batch(connection, "replay", topic.name, run_id)
            connection.execute(
                """update ops.batches set replay_first_batch_id = ?, replay_last_batch_id = ?
                   where batch_id = ?""",
                [batches.first, batches.last, batch_id],
            )
    return Replay(batch_id, batches, rows)


def batches_between(
    connection: Connection, topic: Topic, start: datetime | None, end: datetime | None
) -> Batches:
    """The batches with messages published in [start, end), UTC without zone; None: no limit."""
    limits = [(">=", start), ("<", end)]
    wanted = [f"coalesce(published_at, landed_at) {sign} ?" for sign, limit in limits if limit is not None]
    return _span(connection, topic, wanted, [limit for _, limit in limits if limit is not None])


def batches_of(connection: Connection, topic: Topic, window: Window) -> Batches:
    """The batches with messages of these offsets."""
    at = window.partition
    wanted = ["topic_life = ?", "kafka_partition = ?", "kafka_offset >= ?", "kafka_offset < ?"]
    return _span(connection, topic, wanted, [at.life, at.number, window.first, window.end])


def _span(
    connection: Connection, topic: Topic, conditions: Sequence[str], values: Sequence[object]
) -> Batches:
    first, last = connection.execute(
        f"""select min(batch_id), max(batch_id) from raw.{topic.raw_table}
            where {" and ".join(["true", *conditions])}""",
        values,
    ).fetchone()
    if first is None:
        raise NeedsAttention(f"raw.{topic.raw_table} holds no messages of that range: nothing to replay.")
    return Batches(first, last)


def _row_count(connection: Connection, topic: Topic, batches: Batches) -> int:
    [(count,)] = connection.execute(
        f"select count(*) from raw.{topic.raw_table} where batch_id between ? and ?",
        [batches.first, batches.last],
    ).fetchall()
    return count
