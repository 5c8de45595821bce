"""How far a topic has landed of what its log has now: the drain, the sensor and `status` ask here."""

from collections.abc import Mapping

from ingest.drain.plan import current_life
from ingest.kafka.log import TopicState
from ingest.warehouse.protocol import TopicPositions


def lag(state: TopicState, landed: TopicPositions) -> int:
    """Messages at most: a log has gaps. What retention took is not waited for."""
    offsets = landed_offsets(state, landed)
    return sum(
        max(0, bounds.end - max(bounds.start, offsets.get(number, 0)))
        for number, bounds in state.bounds.items()
    )


def landed_offsets(state: TopicState, landed: TopicPositions) -> Mapping[int, int]:
    """Where each partition stands in the life that the log is in: of a topic created again nothing landed."""
    life, _ = current_life(state, landed)
    return landed.next_offsets if life == landed.life else {}
