"""What callers may need to know of a warehouse, so that nobody asks which one it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ingest.core.beats import Beats
from ingest.core.settings import Settings
from ingest.warehouse.protocol import TopicPositions

MEBIBYTE = 2**20
CHUNK_MESSAGES = 10_240
"""Few records are alive as Python objects at a time: they take four times the room they take in Arrow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much one batch may hold in memory."""

    max_messages: int
    max_bytes: int = 64 * MEBIBYTE
    max_bytes_at_once: int = 1536 * MEBIBYTE
    """Of the batches of all topics together; the topics that this leaves out come first the next time."""

    @property
    def chunk_messages(self) -> int:
        return min(CHUNK_MESSAGES, self.max_messages)

    @property
    def chunk_bytes(self) -> int:
        return min(self.max_bytes // 4, 16 * MEBIBYTE)


@dataclass(frozen=True, slots=True)
class Contents:
    """What a copy of a warehouse holds."""

    schema_version: int
    positions: Mapping[str, TopicPositions]


class Copies(Protocol):
    """Copies of the whole warehouse, where it is a file of ours."""

    @property
    def newest_schema(self) -> int:
        """The newest version of `ops` that this Tickhouse can read."""
        ...

    def make(self, settings: Settings, target: Path, tool: str | None = None) -> None:
        """A consistent copy, which replaces an older one in one step. Writers wait meanwhile.

        `tool`: the version of the engine that is to open it, if it is an older one.
        """
        ...

    def look_into(self, copy: Path) -> Contents: ...

    def put_back(self, settings: Settings, copy: Path) -> Path | None:
        """The copy in the warehouse's place; what was there is set aside, and where is returned."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """Of one kind of warehouse, the same for all that are opened."""

    title: str
    """As its makers write its name."""
    is_metered: bool
    """Whether each question costs: it is asked only where there is something to do."""
    copies: Copies | None
    """None: its copies are its provider's affair."""
    beats: Beats
    """What suits it, for what is not set."""
    limits: Limits
    retry_seconds: float
    """Until what could not be read is tried again: somebody may have mended it."""
    table_function: str
    """How a query reads from one: `{}` is the call."""
