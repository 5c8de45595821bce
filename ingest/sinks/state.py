"""What a store knows of itself, and the changes that bring it from one state to the next.

Place(batch, mark)     how far: a batch, and when it was committed, since a restored warehouse counts anew
State                  whose rows, of which generation, through which place; how far in a large piece
Changes                from one state to the next: keys to delete, then rows to insert
"""

from dataclasses import asdict, dataclass
from typing import Any, Self

import pyarrow as pa

from ingest.sinks.targets import Target


@dataclass(frozen=True, slots=True)
class Place:
    """How far. The mark names the newest batch up to there and its commit, which only this warehouse has."""

    batch: int
    mark: str


@dataclass(frozen=True, slots=True)
class State:
    """Written by a store together with the rows."""

    warehouse: str
    generation: str
    """Of the mart: when it was last built anew."""
    layout: str
    """Of the target: another one, other columns."""
    through: Place | None = None
    """It holds what the mart held then. None: it is being filled for the first time."""
    towards: Place | None = None
    """Where it will be once the piece of work is done that it is in."""
    after: str | None = None
    """The last key of that work which is done."""

    @property
    def is_filling(self) -> bool:
        return self.through is None

    @property
    def is_whole(self) -> bool:
        """Not in the middle of a piece of work."""
        return self.through is not None and self.towards is None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, read: dict[str, Any]) -> Self:
        places = {name: Place(**read[name]) if read[name] else None for name in ("through", "towards")}
        return cls(**{**read, **places})


@dataclass(frozen=True, slots=True)
class Changes:
    """What a store writes as one: it holds `before`, and `after` afterwards."""

    target: Target
    before: State | None
    """None: it begins a generation, beside whatever it holds."""
    after: State
    keys: pa.Table | None
    """Whose rows are deleted; None: all."""
    rows: pa.Table
    """What is inserted then."""

    @property
    def begins(self) -> bool:
        return self.before is None

    @property
    def completes(self) -> bool:
        """A generation that was filled is whole now, and takes the place of the one before."""
        return (self.before is None or self.before.is_filling) and not self.after.is_filling
