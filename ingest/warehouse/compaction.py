"""What ops remembers of pruned batches, made small.

    windows of pruned batches   [──)[──)[──)[──) lost [──)[──)
    afterwards                  [──────────────) lost [──────)   they promise no rows

They still tile each partition, so that the checks hold; batches without rows are forgotten.
"""

from collections.abc import Sequence

import duckdb

from ingest.topics import Topic
from ingest.warehouse.duckdb_warehouse import PAYLOAD_BYTES
from ingest.warehouse.models import Model


def compact(connection: duckdb.DuckDBPyConnection, topic: Topic, through: int) -> None:
    """Batches up to `through` have been pruned; a few of their rows may still be there."""
    values = {"topic": topic.name, "through": through}
    _keep_windows_with_rows(connection, topic, values)
    _merge_empty_windows(connection, values)
    connection.execute("delete from ops.windows where topic = $topic and batch_id <= $through", values)
    connection.execute("insert into ops.windows from windows_with_rows union all from merged_windows")
    connection.execute(
        f"""delete from ops.batches
            where topic = $topic and batch_id <= $through
                and batch_id not in (select batch_id from raw.{topic.raw_table} where batch_id <= $through)
                and batch_id < (select max(batch_id) from ops.batches where topic = $topic)""",
        values,
    )


def _keep_windows_with_rows(
    connection: duckdb.DuckDBPyConnection, topic: Topic, values: dict[str, object]
) -> None:
    connection.execute(
        f"""create or replace temp table windows_with_rows as
            with kept as (
                select batch_id, topic_life, kafka_partition, kafka_offset, payload, payload_bytes
                from raw.{topic.raw_table} where batch_id <= $through
            )
            select
                kept.batch_id, topic, kept.topic_life, kept.kafka_partition, first_offset, end_offset,
                count(*) as row_count, {PAYLOAD_BYTES} as payload_bytes
            from kept
            inner join (select * exclude (payload_bytes) from ops.windows where topic = $topic) as windows
                on kept.batch_id = windows.batch_id
                and kept.topic_life = windows.topic_life
                and kept.kafka_partition = windows.kafka_partition
                and kept.kafka_offset >= first_offset
                and kept.kafka_offset < end_offset
            group by all""",
        values,
    )


def _merge_empty_windows(connection: duckdb.DuckDBPyConnection, values: dict[str, object]) -> None:
    """Neighbours become one; what has rows, or was lost, stays between them."""
    connection.execute(
        """create or replace temp table merged_windows as
           with empty as (
               select windows.*,
                   first_offset <> lag(end_offset, 1, -1) over along as begins
               from ops.windows as windows
               anti join windows_with_rows using (batch_id, topic, topic_life, kafka_partition, first_offset)
               where topic = $topic and batch_id <= $through
               window along as (partition by topic_life, kafka_partition order by first_offset, end_offset)
           ), islands as (
               select *, sum(begins::integer) over (
                   partition by topic_life, kafka_partition order by first_offset, end_offset) as island
               from empty
           )
           select
               max(batch_id), topic, topic_life, kafka_partition, min(first_offset), max(end_offset), 0, 0
           from islands
           group by topic, topic_life, kafka_partition, island""",
        values,
    )


def forget_vanished(connection: duckdb.DuckDBPyConnection, models: Sequence[Model]) -> None:
    """Notes of vanished rows that every model has followed."""
    row = connection.execute(
        "select min(built_through) from ops.model_progress where list_contains(?, model)",
        [[model.unique_id for model in models]],
    ).fetchone()
    notes = connection.execute(
        "select 'ops.' || table_name from duckdb_tables() where schema_name = 'ops'"
    ).fetchall()
    for model in models:
        if row and row[0] is not None and (model.vanished,) in notes:
            connection.execute(f"delete from {model.vanished} where batch_id <= ?", row)
