"""What to read next of one topic: pure decisions from its landed positions and the log's state."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from ingest.core.topics import Topic
from ingest.core.window import Partition, Window, pending_window
from ingest.kafka.log import Records, TopicState
from ingest.warehouse.protocol import TopicPositions


class OffsetsAt(Protocol):
    """What a plan may ask the log: where a time begins."""

    def offsets_at(self, topic: str, partitions: list[int], at: datetime) -> dict[int, int]: ...


@dataclass(frozen=True, slots=True)
class Plan:
    """The windows to read of one topic, in the life it has now."""

    topic: Topic
    life: int
    topic_id: str | None
    life_reason: str
    positions: Mapping[int, int | None]
    windows: Mapping[int, tuple[int, int]]
    skipped: list[Records] = field(default_factory=list)
    """Partitions with nothing to read whose position is still to be written down."""

    @property
    def has_work(self) -> bool:
        return bool(self.windows or self.skipped)

    def window(self, partition: int, first: int, end: int) -> Window:
        return Window(Partition(self.topic.name, self.life, partition), first, end)


def plan(topic: Topic, state: TopicState, landed: TopicPositions, log: OffsetsAt) -> Plan:
    """Where each partition goes on, or where it begins."""
    life, reason = current_life(state, landed)
    positions: dict[int, int | None] = dict.fromkeys(state.bounds)
    if life == landed.life:
        positions.update({n: at for n, at in landed.next_offsets.items() if n in state.bounds})
    begins = _first_offsets(topic, state, landed, positions, log)
    windows: dict[int, tuple[int, int]] = {}
    skipped: list[Records] = []
    for number, bounds in state.bounds.items():
        at = positions[number]
        start = begins[number] if at is None else at
        window = pending_window(Partition(topic.name, life, number), start, bounds)
        if not window.is_empty:
            windows[number] = (window.first, window.end)
        elif at != window.end:
            # Nothing to read, but a place to remember: a fresh partition, or all of it was retained away.
            skipped.append(Records(number, window.first, window.end))
    return Plan(topic, life, state.topic_id, reason, positions, windows, skipped)


def current_life(state: TopicState, landed: TopicPositions) -> tuple[int, str]:
    """The life the topic is in, and why it began."""
    if landed.life == 0:
        return 1, "first seen"
    if landed.topic_id is not None and state.topic_id is not None and landed.topic_id != state.topic_id:
        return landed.life + 1, f"created again: topic id {landed.topic_id} became {state.topic_id}"
    for number, at in landed.next_offsets.items():
        bounds = state.bounds.get(number)
        if bounds is not None and bounds.end < at:
            return (
                landed.life + 1,
                f"partition {number} ends at {bounds.end}, before the landed position {at}",
            )
    return landed.life, "goes on"


def _first_offsets(
    topic: Topic,
    state: TopicState,
    landed: TopicPositions,
    positions: Mapping[int, int | None],
    log: OffsetsAt,
) -> dict[int, int]:
    """Where partitions without a position begin. `start_from` is for topics never seen before: what is
    written to a new life or a new partition of a topic we follow was never landed, so all of it counts."""
    fresh = [number for number, at in positions.items() if at is None]
    if not fresh or landed.life > 0 or topic.start_from == "earliest":
        return {number: state.bounds[number].start for number in fresh}
    if topic.start_from == "latest":
        return {number: state.bounds[number].end for number in fresh}
    return log.offsets_at(topic.name, fresh, topic.start_from)
