"""What a sink must do, whichever store it writes to."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import pyarrow as pa

from ingest.sinks.state import Changes, State
from ingest.sinks.targets import Target


@dataclass(frozen=True, slots=True)
class Written:
    """What one write did."""

    row_count: int
    refused_count: int = 0
    """Rows that the store cannot hold, kept there as refused."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a store holds of a target, and the state at which it does: one moment of it."""

    state: State | None
    batches: Iterator[pa.Table] = field(default_factory=lambda: iter(()))


class Sink(Protocol):
    """A store. Each write does all it says, its state included, or changes nothing."""

    name: str
    targets: Sequence[Target]
    takes_nul: bool
    """Whether it can hold the character NUL in a text; it keeps such rows as refused if not."""

    def state(self, target: Target) -> State | None:
        """What it knows of itself: of the generation that is being filled, if one is. None: nothing."""
        ...

    def begin_generation(self, changes: Changes) -> Written:
        """The first piece of a generation, beside the one that is there until the new one is whole."""
        ...

    def write(self, changes: Changes) -> Written:
        """Delete, then insert, then the state: as one. StaleSink if it is not in the state `before`."""
        ...

    def contents(self, target: Target, schema: pa.Schema) -> AbstractContextManager[Contents]:
        """For an audit: what its readers see."""
        ...

    def forget_before(self, target: Target, time: datetime) -> int:
        """Rows that are older go, if it keeps rows for a limited time; how many went."""
        ...

    def kept_from(self, target: Target) -> datetime | None:
        """It holds no rows that are older; None: it keeps them all."""
        ...

    def clear(self) -> None:
        """Everything that it wrote to the store is gone, its states too."""
        ...

    def close(self) -> None:
        """Let go of the store."""
        ...


def deliver(sink: Sink, changes: Changes) -> Written:
    """Have them written."""
    return sink.begin_generation(changes) if changes.begins else sink.write(changes)
