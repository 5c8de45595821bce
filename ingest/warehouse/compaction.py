"""What ops remembers of pruned batches, made small.

    windows of pruned batches   [──)[──)[──)[──) lost [──)[──)
    afterwards                  [──────────────) lost [──────)   they promise no rows

They still tile each partition, so that the checks hold; batches without rows are forgotten.
"""

from ingest.core.topics import Topic
from ingest.warehouse.connection import Connection
from ingest.warehouse.raw_schema import PAYLOAD_BITS

# Numbered below zero until the old ones are gone: a temporary table would end the transaction in Snowflake.
INSERT_SMALLER = """
    insert into ops.windows
    with kept as (
        select batch_id, topic_life, kafka_partition, kafka_offset,
            {payload_bits} as bits
        from raw.{raw_table} where batch_id <= ?
    ), counted as (
        select windows.batch_id, topic, windows.topic_life, windows.kafka_partition, first_offset, end_offset,
            count(kafka_offset) as row_count, coalesce(sum(bits), 0) / 8 as payload_bytes
        from ops.windows as windows
        left join kept
            on kept.batch_id = windows.batch_id
            and kept.topic_life = windows.topic_life
            and kept.kafka_partition = windows.kafka_partition
            and kept.kafka_offset >= first_offset
            and kept.kafka_offset < end_offset
        where topic = ? and windows.batch_id <= ?
        group by all
    ), empty as (
        select *,
            case when first_offset = lag(end_offset) over (
                partition by topic_life, kafka_partition order by first_offset, end_offset
            ) then 0 else 1 end as begins
        from counted where row_count = 0
    ), islands as (
        select *, sum(begins) over (
            partition by topic_life, kafka_partition order by first_offset, end_offset) as island
        from empty
    )
    select -batch_id, topic, topic_life, kafka_partition, first_offset, end_offset, row_count, payload_bytes
    from counted where row_count > 0
    union all
    select -max(batch_id), topic, topic_life, kafka_partition, min(first_offset), max(end_offset), 0, 0
    from islands group by topic, topic_life, kafka_partition, island
"""
"""Neighbours without rows become one; what has rows, or was lost, stays between them."""


def compact(connection: Connection, topic: Topic, through: int) -> None:
    """Batches up to `through` have been pruned, by a later one; a few of their rows may still be there."""
    smaller = INSERT_SMALLER.format(raw_table=topic.raw_table, payload_bits=PAYLOAD_BITS)
    connection.execute(smaller, [through, topic.name, through])
    connection.execute(
        "delete from ops.windows where topic = ? and batch_id between 0 and ?", [topic.name, through]
    )
    connection.execute(
        "update ops.windows set batch_id = -batch_id where topic = ? and batch_id < 0", [topic.name]
    )
    connection.execute(
        f"""delete from ops.batches
            where topic = ? and batch_id <= ?
                and batch_id not in (select batch_id from raw.{topic.raw_table} where batch_id <= ?)""",
        [topic.name, through, through],
    )
