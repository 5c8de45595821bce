"""Replay: rows that have landed are built again. Nothing is read from Kafka and no raw row changes.

range of time or offsets ─▶ batches ─▶ one more batch that names them ─▶ every model builds them again
"""

from dataclasses import dataclass
from datetime import datetime

import duckdb

from ingest.core.errors import NeedsAttention
from ingest.core.topics import Topic
from ingest.core.window import Window
from ingest.warehouse.connection import transaction
from ingest.warehouse.duckdb.warehouse import new_batch


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
    connection: duckdb.DuckDBPyConnection, topic: Topic, batches: Batches, run_id: str | None = None
) -> Replay:
    """Have every model build these batches again."""
    rows = _row_count(connection, topic, batches)
    if not rows:
        raise no_such_rows(topic, batches)
    with transaction(connection):
        batch_id = new_batch(connection, "replay", topic.name, run_id)
        connection.execute(
            "update ops.batches set replay_first_batch_id = ?, replay_last_batch_id = ? where batch_id = ?",
            [batches.first, batches.last, batch_id],
        )
    return Replay(batch_id, batches, rows)


def all_batches(connection: duckdb.DuckDBPyConnection, topic: Topic) -> Batches:
    """Every batch that the raw table still holds rows of."""
    return _span(connection, f"select min(batch_id), max(batch_id) from raw.{topic.raw_table}", [], topic)


def batches_between(
    connection: duckdb.DuckDBPyConnection, topic: Topic, start: datetime | None, end: datetime | None
) -> Batches:
    """The batches with messages published in [start, end), UTC without zone; None: no limit."""
    sql = f"""select min(batch_id), max(batch_id) from raw.{topic.raw_table}
              where coalesce(published_at, landed_at) >= coalesce(?, '-infinity'::timestamp)
                and coalesce(published_at, landed_at) < coalesce(?, 'infinity'::timestamp)"""
    return _span(connection, sql, [start, end], topic)


def batches_of(connection: duckdb.DuckDBPyConnection, topic: Topic, window: Window) -> Batches:
    """The batches with messages of these offsets."""
    at = window.partition
    sql = f"""select min(batch_id), max(batch_id) from raw.{topic.raw_table}
              where topic_life = ? and kafka_partition = ? and kafka_offset >= ? and kafka_offset < ?"""
    return _span(connection, sql, [at.life, at.number, window.first, window.end], topic)


def no_such_rows(topic: Topic, batches: Batches) -> NeedsAttention:
    return NeedsAttention(
        f"raw.{topic.raw_table} holds no rows of the batches {batches.first} to {batches.last}: "
        "nothing to replay. They never were, or they have been pruned."
    )


def nothing_of_that_range(topic: Topic) -> NeedsAttention:
    return NeedsAttention(f"raw.{topic.raw_table} holds no messages of that range: nothing to replay.")


def _span(connection: duckdb.DuckDBPyConnection, sql: str, values: list, topic: Topic) -> Batches:
    row = connection.execute(sql, values).fetchone()
    if row is None or row[0] is None:
        raise nothing_of_that_range(topic)
    return Batches(*row)


def _row_count(connection: duckdb.DuckDBPyConnection, topic: Topic, batches: Batches) -> int:
    row = connection.execute(
        f"select count(*) from raw.{topic.raw_table} where batch_id between ? and ?",
        [batches.first, batches.last],
    ).fetchone()
    return row[0] if row else 0
