"""Replay in Snowflake, as in ingest/warehouse/replay.py: one more batch, which names those to build again."""

from datetime import datetime

from snowflake.connector.cursor import SnowflakeCursor

from ingest.topics import Topic
from ingest.warehouse.replay import Batches, Replay, no_such_rows, nothing_of_that_range
from ingest.warehouse.snowflake.warehouse import SnowflakeWarehouse, transaction


def replay(
    warehouse: SnowflakeWarehouse, topic: Topic, batches: Batches, run_id: str | None = None
) -> Replay:
    """Have every model build these batches again."""
    with warehouse.cursor() as cursor:
        cursor.execute(
            f"select count(*) from raw.{topic.raw_table} where batch_id between %s and %s",
            [batches.first, batches.last],
        )
        (rows,) = cursor.fetchall()[0]
        if not rows:
            raise no_such_rows(topic, batches)
        with transaction(cursor):
            return Replay(_new_batch(cursor, topic, batches, run_id), batches, int(rows))


def batches_between(
    warehouse: SnowflakeWarehouse, topic: Topic, start: datetime | None, end: datetime | None
) -> Batches:
    """The batches with messages published in [start, end), UTC without zone; None: no limit."""
    limits = [(">=", start), ("<", end)]
    wanted = [f"coalesce(published_at, landed_at) {sign} %s" for sign, limit in limits if limit is not None]
    with warehouse.cursor() as cursor:
        cursor.execute(
            f"select min(batch_id), max(batch_id) from raw.{topic.raw_table} "
            f"where {' and '.join(['true', *wanted])}",
            [str(limit) for _, limit in limits if limit is not None],
        )
        first, last = cursor.fetchall()[0]
    if first is None:
        raise nothing_of_that_range(topic)
    return Batches(int(first), int(last))


def _new_batch(cursor: SnowflakeCursor, topic: Topic, batches: Batches, run_id: str | None) -> int:
    """The first statement waits for others that make a batch, and holds them off until the commit."""
    cursor.execute("update ops.newest_batch set batch_id = batch_id + 1")
    cursor.execute("select batch_id from ops.newest_batch")
    (batch_id,) = cursor.fetchall()[0]
    cursor.execute(
        """insert into ops.batches
               (batch_id, kind, topic, replay_first_batch_id, replay_last_batch_id, run_id, committed_at)
           select %s, 'replay', %s, %s, %s, %s, sysdate()""",
        [batch_id, topic.name, batches.first, batches.last, run_id],
    )
    return int(batch_id)
