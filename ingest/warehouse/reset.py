"""Reset: a topic as if it had never been landed. Raw rows, positions, and all that is built from them.

The next drain begins where the topic table says; the next build makes the models again. What Kafka does
not have any more cannot be landed again.
"""

from collections.abc import Sequence

from ingest.core.errors import RebuildRefused
from ingest.core.topics import Topic
from ingest.warehouse.connection import Connection, NewBatch, transaction
from ingest.warehouse.models import Model
from ingest.warehouse.rebuild import rebuild_refusals

OF_A_TOPIC = (
    *("positions", "topic_lives", "windows", "lost_ranges", "batches"),
    *("retention", "short_lived", "kept_books"),
)


def reset(
    connection: Connection,
    topics: Sequence[Topic],
    models: Sequence[Model],
    new_batch: NewBatch,
    run_id: str | None = None,
) -> list[str]:
    """Empty these topics and drop the models built from them; what was emptied and dropped.

    RebuildRefused if one of these models also holds rows of other topics that nothing can bring back.
    """
    names = {topic.name for topic in topics}
    dropped = [model for model in models if model.topics & names]
    with transaction(connection):
        for topic in topics:
            _empty(connection, topic, new_batch(connection, "reset", topic.name, run_id))
        if refusals := rebuild_refusals(connection, dropped):
            raise RebuildRefused(
                "These would be built again, and lose rows of other topics for good:\n  "
                + "\n  ".join(refusals)
            )
        for model in dropped:
            _forget(connection, model)
    # Not within the transaction, which this would commit in Snowflake. Killed before the end, what is left is
    # built anew at its next run.
    for model in dropped:
        _drop(connection, model)
    return [f"raw.{topic.raw_table}" for topic in topics] + [model.relation for model in dropped]


def _empty(connection: Connection, topic: Topic, batch_id: int) -> None:
    """Numbers go on: models of other topics have built through the numbers that are deleted here."""
    connection.execute(f"delete from raw.{topic.raw_table}")
    for table in OF_A_TOPIC:
        but_this = f" and batch_id <> {batch_id}" if table == "batches" else ""
        connection.execute(f"delete from ops.{table} where topic = ?{but_this}", [topic.name])


def _forget(connection: Connection, model: Model) -> None:
    connection.execute("delete from ops.model_progress where model = ?", [model.unique_id])
    connection.execute("insert into ops.rebuilds_due values (?)", [model.unique_id])


def _drop(connection: Connection, model: Model) -> None:
    connection.execute(f"drop {'view' if model.is_view else 'table'} if exists {model.relation}")
    connection.execute(f"drop table if exists {model.vanished}")
    connection.execute("delete from ops.rebuilds_due where model = ?", [model.unique_id])
