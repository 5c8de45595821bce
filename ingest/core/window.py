"""A stretch of one partition, and the arithmetic of what to read next.

Pure: no Kafka, no warehouse. Positions come from the warehouse, bounds from the log.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Partition:
    """One partition of one topic in one of the topic's lives.

    A topic that is deleted and made again starts at offset 0 with other messages: its next life.
    """

    topic: str
    life: int
    number: int

    def __str__(self) -> str:
        life = "" if self.life == 1 else f" (life {self.life})"
        return f"{self.topic}[{self.number}]{life}"


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """Offsets [first, end) of one partition. Offsets inside may be absent: a log has no message at each."""

    partition: Partition
    first: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.first <= self.end:
            raise ValueError(f"not a window: {self.partition} [{self.first}, {self.end})")

    @property
    def is_empty(self) -> bool:
        return self.first == self.end

    def __str__(self) -> str:
        return f"{self.partition} [{self.first}, {self.end})"


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a partition of the log holds now: [start, end), as a read_committed reader sees it."""

    start: int
    end: int


def lost_window(partition: Partition, position: int, bounds: Bounds) -> Window | None:
    """What retention took before it was landed."""
    if position >= bounds.start:
        return None
    return Window(partition, position, bounds.start)


def pending_window(partition: Partition, position: int, bounds: Bounds) -> Window:
    """What is left to read, beginning where the log still has it."""
    first = max(position, bounds.start)
    return Window(partition, first, max(first, bounds.end))
