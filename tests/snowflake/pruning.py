"""Both warehouses pruned alike: with floors of seconds, as all that the tests land is of one minute or two.

first batches made old ─▶ prune, each in a transaction ─▶ what went, and what ops says afterwards
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from ingest.core.topics import TOPICS
from ingest.warehouse.connection import Connection, transaction
from ingest.warehouse.models import read_models
from ingest.warehouse.protocol import Warehouse
from ingest.warehouse.retention import Pruned, prune
from tests.dbt.feeds import START

HOUR, LATER = timedelta(hours=1), timedelta(seconds=5)
NOON = START.replace(tzinfo=None)
LONG_AGO = NOON - timedelta(days=30)
# Trades up to nine, so that no candle loses a part of what it sums up; all others up to seconds after noon.
SHORT_LIVED = [
    replace(topic, raw_retention=4 * HOUR + LATER if "trades" in topic.name else HOUR) for topic in TOPICS
]
LEFT = (
    "select batch_id, kind, topic from ops.batches order by batch_id",
    "select * from ops.windows order by topic, topic_life, kafka_partition, first_offset",
    "select topic, kept_from, as_of_batch_id from ops.retention order by topic",
    "select model, topic, gone_through_batch_id from ops.short_lived order by model, topic",
    "select model, built_through from ops.model_progress order by model",
)


def prune_old(warehouse: Warehouse, old_batches: int) -> Sequence[Pruned]:
    """As if the first batches had landed long ago."""
    with warehouse.open() as connection, transaction(connection):
        connection.execute(
            "update ops.batches set committed_at = ? where batch_id <= ?", [LONG_AGO, old_batches]
        )
        now = NOON + HOUR + LATER
        return prune(connection, SHORT_LIVED, read_models(), now, warehouse.new_batch)


def left(connection: Connection) -> list[list[Any]]:
    """What a prune leaves in raw and ops."""
    counts = [f"select count(*) from raw.{topic.raw_table}" for topic in TOPICS]
    return [connection.execute(sql).fetchall() for sql in (*counts, *LEFT)]
