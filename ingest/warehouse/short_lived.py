"""Tables that keep their rows for a shorter time than raw its messages (a model's meta: keeps_at_most_days).

landed before now - keeps_at_most ─▶ its rows go, and are never written again, nor by a rebuild

Only tables that nothing is built from: what stands on them would follow.
"""

from collections.abc import Sequence
from datetime import datetime

import duckdb

from ingest.topics import Topic
from ingest.warehouse.models import Model


def drop_short_lived(
    connection: duckdb.DuckDBPyConnection, topic: Topic, models: Sequence[Model], now: datetime
) -> dict[str, int]:
    """Rows that went, by table."""
    gone = {
        model.relation: _drop(connection, topic, model, now - model.keeps_at_most)
        for model in models
        if model.keeps_at_most is not None and topic.name in model.topics
    }
    return {table: count for table, count in gone.items() if count}


def _drop(connection: duckdb.DuckDBPyConnection, topic: Topic, model: Model, time: datetime) -> int:
    connection.execute(
        """insert or replace into ops.short_lived
           select $model, $topic, max(batch_id) from ops.batches
           where topic = $topic and committed_at < $time having max(batch_id) is not null""",
        {"model": model.name, "topic": topic.name, "time": time},
    )
    row = connection.execute(
        f"""delete from {model.relation} where kafka_topic = $topic and landed_batch_id <= (
                select gone_through_batch_id from ops.short_lived where model = $model and topic = $topic)""",
        {"model": model.name, "topic": topic.name},
    ).fetchone()
    return row[0] if row else 0
