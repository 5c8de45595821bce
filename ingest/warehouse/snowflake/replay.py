"""Replay in Snowflake, as in ingest/warehouse/replay.py: one more batch, which names those to build again."""

from datetime import datetime

from ingest.core.topics import Topic
from ingest.warehouse.replay import Batches, Replay, no_such_rows, nothing_of_that_range
from ingest.warehouse.snowflake.connection import SnowflakeConnection
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
            connection = SnowflakeConnection(warehouse.cursor)
            batch_id = warehouse.new_batch(connection, "replay", topic.name, run_id)
            cursor.execute(
                """update ops.batches set replay_first_batch_id = %s, replay_last_batch_id = %s
                   where batch_id = %s""",
                [batches.first, batches.last, batch_id],
            )
    return Replay(batch_id, batches, int(rows))


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
