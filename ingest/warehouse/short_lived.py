"""Tables that keep their rows for a shorter time than raw its messages (a model's meta: keeps_at_most_days).

landed before now - keeps_at_most ─▶ its rows go, and are never written again, nor by a rebuild

Only tables that nothing is built from: what stands on them would follow.
"""

from collections.abc import Sequence
from datetime import datetime

from ingest.core.topics import Topic
from ingest.warehouse.connection import Connection
from ingest.warehouse.generations import delete_untold
from ingest.warehouse.models import Model


def drop_short_lived(
    connection: Connection, topic: Topic, models: Sequence[Model], now: datetime
) -> dict[str, int]:
    """Rows that went, by table."""
    gone = {
        model.relation: _drop(connection, topic, model, now - model.keeps_at_most)
        for model in models
        if model.keeps_at_most is not None and topic.name in model.topics
    }
    return {table: count for table, count in gone.items() if count}


def _drop(connection: Connection, topic: Topic, model: Model, time: datetime) -> int:
    [(through,)] = connection.execute(
        "select max(batch_id) from ops.batches where topic = ? and committed_at < ?", [topic.name, time]
    ).fetchall()
    if through is None:
        return 0
    key = [model.name, topic.name]
    connection.execute("delete from ops.short_lived where model = ? and topic = ?", key)
    connection.execute("insert into ops.short_lived values (?, ?, ?)", [*key, through])
    return delete_untold(connection, model, "kafka_topic = ? and landed_batch_id <= ?", [topic.name, through])
