"""Repair: land only the messages that raw lacks, read from Kafka once more.

    holes (warehouse) ─▶ what Kafka still has of them ─▶ batches of kind `repair`: the missing rows only

Positions do not move, holes lie below them. Lives are never mixed: what is missing of a life that is
over is written down as lost.
"""

from collections.abc import Iterator

import pyarrow as pa

from ingest.core.errors import NeedsAttention, RecordsUnreadable, StaleLanding
from ingest.core.topics import Topic
from ingest.core.window import Window
from ingest.drain.plan import current_life
from ingest.drain.raw_rows import to_rows
from ingest.kafka.log import KafkaLog, TopicState
from ingest.warehouse.holes import Filled, Hole, fill, find_holes
from ingest.warehouse.protocol import TopicPositions, Warehouse
from ingest.warehouse.raw_schema import SCHEMA

MAX_MESSAGES = 50_000
MAX_BYTES = 32 * 2**20


def repair(log: KafkaLog, warehouse: Warehouse, topic: Topic, run_id: str | None = None) -> Iterator[Filled]:
    """Fill hole after hole, each in a transaction of its own; the warehouse is free in between."""
    landed = warehouse.positions().get(topic.name)
    if landed is None:
        return
    with warehouse.reading() as connection:
        holes = find_holes(connection, topic)
    is_current = [hole.window.partition.life == landed.life for hole in holes]
    state = _state(log, topic, landed) if any(is_current) else None
    for hole, current in zip(holes, is_current, strict=True):
        if current and state is not None:
            try:
                yield from _fill_from_kafka(log, warehouse, topic, state, hole, run_id)
            except RecordsUnreadable:
                if not hole.is_lost_range:
                    raise  # a lost range may be what `tickhouse skip` passed over, and stays lost
        elif not hole.is_lost_range:
            nothing = SCHEMA.empty_table()
            yield fill(
                warehouse, topic, hole, hole.window, nothing, lost_reason="topic_deleted", run_id=run_id
            )


def _state(log: KafkaLog, topic: Topic, landed: TopicPositions) -> TopicState:
    """The topic as Kafka has it, if that is the life that was landed."""
    state = log.states([topic.name]).get(topic.name)
    if state is None:
        raise NeedsAttention(f"{topic.name} is not in Kafka: there is nothing to repair it from.")
    life, reason = current_life(state, landed)
    if life != landed.life:
        raise NeedsAttention(
            f"{topic.name} in Kafka is not the topic that was landed ({reason}). `tickhouse drain` opens its "
            "next life; after that a repair writes down as lost what the last one still lacks."
        )
    return state


def _fill_from_kafka(
    log: KafkaLog, warehouse: Warehouse, topic: Topic, state: TopicState, hole: Hole, run_id: str | None
) -> Iterator[Filled]:
    """A window is read whole, as it was landed; a lost range can be long and is filled piece by piece."""
    readable = _readable(state, hole)
    if not hole.is_lost_range:
        rows = pa.concat_tables(
            [SCHEMA.empty_table(), *(rows for _, rows in _read(log, topic, state, readable))]
        )
        yield fill(warehouse, topic, hole, readable, rows, run_id=run_id)
        return
    for window, rows in _read(log, topic, state, readable):
        filled = fill(warehouse, topic, hole, window, rows, run_id=run_id)
        yield filled
        hole = Hole(Window(window.partition, window.end, hole.window.end), filled.batch_id, None)


def _readable(state: TopicState, hole: Hole) -> Window:
    """What the log still has of a hole."""
    window, bounds = hole.window, state.bounds.get(hole.window.partition.number)
    if bounds is None:
        return Window(window.partition, window.end, window.end)
    return Window(window.partition, min(max(window.first, bounds.start), window.end), window.end)


def _read(
    log: KafkaLog, topic: Topic, state: TopicState, window: Window
) -> Iterator[tuple[Window, pa.Table]]:
    """The window's messages, piece by piece, each known to be of the life that `state` is of."""
    at = window.partition
    for chunk in log.read(topic.name, {at.number: (window.first, window.end)}, MAX_MESSAGES, MAX_BYTES):
        if log.topic_ids([topic.name]).get(topic.name) != state.topic_id:
            raise StaleLanding(f"{topic.name} was created again while it was read; nothing of it was landed.")
        for records in chunk:
            yield Window(at, records.first, records.end), to_rows(topic.name, at.life, records)
