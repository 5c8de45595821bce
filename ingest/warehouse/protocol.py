"""What a warehouse must do, whichever it is: remember positions, and land rows with them or not at all."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self

import pyarrow as pa

from ingest.core.errors import StaleLanding
from ingest.core.window import Window
from ingest.warehouse.connection import Connection

if TYPE_CHECKING:
    from ingest.warehouse.capabilities import Capabilities


@dataclass(frozen=True, slots=True)
class TopicPositions:
    """How far a topic has landed, in its current life. Life 0: nothing has landed yet."""

    topic: str
    life: int
    topic_id: str | None
    next_offsets: Mapping[int, int]

    @classmethod
    def none(cls, topic: str) -> "TopicPositions":
        return cls(topic, 0, None, {})


def by_topic(rows: Iterable[tuple]) -> dict[str, TopicPositions]:
    """From (topic, life, topic id, partition, next offset), the partition NULL where none has landed."""
    found: dict[str, TopicPositions] = {}
    for topic, life, topic_id, partition, next_offset in rows:
        before = found[topic].next_offsets if topic in found else {}
        here = {} if partition is None else {partition: next_offset}
        found[topic] = TopicPositions(topic, life, topic_id, {**before, **here})
    return found


@dataclass(frozen=True, slots=True)
class Landing:
    """One window of one partition with its rows (ingest/drain/raw_rows.py gives them their shape)."""

    window: Window
    rows: pa.Table
    position: int | None
    """Where the partition stood when the window was planned; None: never landed before."""
    lost_reason: str = "retention"
    """Why what lies between the position and the window was not landed."""

    @property
    def lost(self) -> Window | None:
        """What lies between the position and the window: the log no longer had it, or it was skipped."""
        if self.position is None or self.position >= self.window.first:
            return None
        return Window(self.window.partition, self.position, self.window.first)

    def stale(self) -> StaleLanding:
        """The error for a position that is not where this begins."""
        return StaleLanding(
            f"{self.window}: the landed position is no longer {self.position or 'unset'}; "
            "another writer landed these offsets."
        )


@dataclass(frozen=True, slots=True)
class Batch:
    """What lands together: windows of one topic, in one of its lives."""

    topic: str
    raw_table: str
    life: int
    topic_id: str | None
    life_reason: str
    landings: Sequence[Landing]
    files: Sequence[str | None] | None = None
    """Where the rows of each landing lie in the warehouse already, if it has prepared the batch."""

    @property
    def row_count(self) -> int:
        return sum(landing.rows.num_rows for landing in self.landings)

    @property
    def byte_count(self) -> int:
        """In memory."""
        return sum(landing.rows.nbytes for landing in self.landings)


@dataclass(frozen=True, slots=True)
class Landed:
    """A batch that is committed."""

    batch_id: int
    topic: str
    raw_table: str
    row_count: int
    windows: Sequence[Window]
    lost: Sequence[Window]
    opened_life: int | None
    """The life that began with this batch, if one did."""

    @classmethod
    def of(cls, batch: Batch, batch_id: int, *, opened: bool) -> "Landed":
        """What a batch is once it is committed."""
        return cls(
            batch_id,
            batch.topic,
            batch.raw_table,
            batch.row_count,
            [landing.window for landing in batch.landings],
            [landing.lost for landing in batch.landings if landing.lost],
            batch.life if opened else None,
        )


@dataclass(frozen=True, slots=True)
class Found:
    """The answer to a question somebody typed."""

    columns: Sequence[str]
    rows: Sequence[tuple]


@dataclass(frozen=True, slots=True)
class Shrunk:
    """The size of a file before and after."""

    before_bytes: int
    after_bytes: int
    kept_because: str | None = None
    """Why it was left as it is, although much of it is free."""


class Warehouse(Protocol):
    """Where messages land. Every method either does all it says or changes nothing."""

    capabilities: "Capabilities"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of what is held from call to call. Closing twice is fine."""

    def open(self) -> AbstractContextManager[Connection]:
        """Hold the warehouse for several steps: landing, then dbt, then checks. Nobody else builds then."""
        ...

    def reading(self) -> AbstractContextManager[Connection]:
        """To look, and change nothing."""
        ...

    def writing(self) -> AbstractContextManager[Connection]:
        """To change raw and ops in a transaction or two; whoever builds need not wait, where that can be."""
        ...

    def building(self) -> AbstractContextManager[None]:
        """Around dbt, where it is not held open: nobody else builds then."""
        ...

    def migrate(self) -> None:
        """Make or bring up to date everything that the drain and dbt stand on."""
        ...

    def positions(self) -> Mapping[str, TopicPositions]:
        """How far each topic has landed: the only truth about it. None has, where nothing was made yet."""
        ...

    def ask(
        self,
        statement: str,
        values: Mapping[str, object] | None = None,
        *,
        at_most: int | None = None,
        time_limit: float = 60,
        is_safe: bool = False,
    ) -> Found:
        """What somebody wants to know, reading only; `values` for its `$names`.

        QueryFailed if it cannot be answered, or not within so many seconds. `is_safe`: for SQL of others,
        which reaches no file, network or setting.
        """
        ...

    def looking(self, time_limit: float) -> AbstractContextManager[Connection]:
        """For screens and meters: to read and nothing else; WarehouseBusy after so many seconds."""
        ...

    def row_counts(self, connection: Connection, schemas: Sequence[str]) -> Mapping[tuple[str, str], int]:
        """Rows of every table of ours, by schema and name, from the catalogue: nothing is scanned."""
        ...

    def size_bytes(self) -> int | None:
        """What it takes of this machine's disk; None: nothing."""
        ...

    def shrink(self) -> Shrunk | None:
        """Give back to the disk what pruning has freed; None: there is nothing of ours to give back."""
        ...

    def prepare(self, batches: Sequence[Batch]) -> Sequence[Batch]:
        """The same batches, after whatever their landing needs before its transaction, side by side."""
        ...

    def land(self, batch: Batch, run_id: str | None) -> Landed:
        """Rows and positions in one transaction.

        StaleLanding if any position is not where the batch says it is: somebody else landed it.
        Landing the same windows twice therefore changes nothing.
        """
        ...

    @staticmethod
    def new_batch(connection: Connection, kind: str, topic: str, run_id: str | None) -> int:
        """Make a batch that brings no rows, inside the transaction that is open; its number."""
        ...

    def add_rows(self, connection: Connection, raw_table: str, rows: pa.Table, batch_id: int) -> None:
        """Rows of that batch, inside the transaction that is open."""
        ...

    def take_lease(self, name: str, run_id: str) -> None:
        """From now on this run is the one that loops."""
        ...

    def release_lease(self, name: str) -> None:
        """No run is to loop: the one that does ends at its next turn."""
        ...

    def lease_holder(self, name: str) -> str | None:
        """The run that loops now."""
        ...
