"""Passing over what cannot be read: the position moves behind it, and it is written down as lost."""

from collections.abc import Iterator

from ingest.core.errors import NeedsAttention, RecordsUnreadable
from ingest.core.topics import Topic
from ingest.core.window import Window
from ingest.drain.plan import Plan, plan
from ingest.kafka.log import KafkaLog
from ingest.warehouse.protocol import Batch, Landing, TopicPositions, Warehouse
from ingest.warehouse.raw_schema import SCHEMA

SKIPPED = "skipped"


def skip(log: KafkaLog, warehouse: Warehouse, topic: Topic, partition: int, offset: int) -> Window:
    """What was passed over. Refuses where the drain does not stand, and what can be read."""
    state = log.states([topic.name]).get(topic.name)
    if state is None:
        raise NeedsAttention(f"{topic.name} is not in Kafka: there is nothing to skip.")
    landed = warehouse.positions().get(topic.name, TopicPositions(topic.name, 0, None, {}))
    current = plan(topic, state, landed, log)
    first, end = current.windows.get(partition, (None, None))
    if first is None or end is None:
        raise NeedsAttention(f"{topic.name}[{partition}] has nothing left to land: there is nothing to skip.")
    if offset != first:
        raise NeedsAttention(
            f"{topic.name}[{partition}] goes on at offset {first}, not at {offset}; nothing was skipped."
        )
    error = _unreadable(log, topic, partition, offset)
    lost = current.window(partition, offset, min(error.end, end))
    warehouse.land(warehouse.prepare([_batch(current, lost)])[0], run_id=None)
    return lost


def _unreadable(log: KafkaLog, topic: Topic, partition: int, offset: int) -> RecordsUnreadable:
    try:
        for _ in log.read(topic.name, {partition: (offset, offset + 1)}, 1, 1):
            pass
    except RecordsUnreadable as error:
        return error
    raise NeedsAttention(
        f"{topic.name}[{partition}] offset {offset} can be read: it lands with the next drain. Nothing was "
        "skipped."
    )


def _batch(current: Plan, lost: Window) -> Batch:
    return Batch(
        current.topic.name,
        current.topic.raw_table,
        current.life,
        current.topic_id,
        current.life_reason,
        list(_landings(current, lost)),
    )


def _landings(current: Plan, lost: Window) -> Iterator[Landing]:
    """No rows; a partition that never landed gets a position first, for the loss to begin at."""
    position = current.positions[lost.partition.number]
    if position is None:
        yield Landing(
            current.window(lost.partition.number, lost.first, lost.first), SCHEMA.empty_table(), None
        )
        position = lost.first
    behind = current.window(lost.partition.number, lost.end, lost.end)
    yield Landing(behind, SCHEMA.empty_table(), position, SKIPPED)
