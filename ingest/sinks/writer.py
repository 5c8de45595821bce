"""Keeps the sinks up to date beside the turns of a run.

    in the turn, the warehouse held   read()    what each sink lacks that is free to write
    after it, the warehouse free      write()   each sink writes in a thread of its own, beside the next turn

Nobody waits for a sink: one that is slow is read for again when it has written, one that fails ever later.
What it holds is asked of the store itself, after a start and after each failure; the warehouse only notes how
far it was seen (ops.sinks), so that what it has not passed is kept for it.
"""

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import duckdb

from ingest.core.errors import TickhouseError
from ingest.sinks.changes import ChangeFeed
from ingest.sinks.protocol import Sink, deliver
from ingest.sinks.state import Changes, State
from ingest.sinks.targets import Target
from ingest.warehouse.models import Model

log = logging.getLogger(__name__)

ROWS_AT_ONCE = 100_000
FIRST_WAIT_SECONDS = 5.0
LONGEST_WAIT_SECONDS = 300.0
VIEWS_EVERY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Delivery:
    """One write, or why there was none."""

    sink: str
    target: Target
    row_count: int = 0
    refused_count: int = 0
    state: State | None = None
    seconds: float = 0.0
    """From the turn in which it was read until the store had it."""
    error: str | None = None


@dataclass(slots=True)
class _Desk:
    """What is between the turns and the thread of one sink."""

    sink: Sink
    states: dict[str, State | None] | None = None
    """By target, as the store last said; None: to be asked."""
    noted: dict[str, int] = field(default_factory=dict)
    work: list[Changes] = field(default_factory=list)
    read_at: float = 0.0
    thread: threading.Thread | None = None
    told: list[Delivery] = field(default_factory=list)
    wait_seconds: float = 0.0
    retry_at: float = float("-inf")
    views_at: float = float("-inf")

    @property
    def is_free(self) -> bool:
        return (self.thread is None or not self.thread.is_alive()) and time.monotonic() >= self.retry_at


class SinkWriter:
    """Every configured sink. Called by one thread."""

    def __init__(
        self, sinks: Sequence[Sink], models: Sequence[Model], rows_at_once: int = ROWS_AT_ONCE
    ) -> None:
        self._desks = [_Desk(sink) for sink in sinks]
        self._models = {model.name: model for model in models}
        self._rows_at_once = rows_at_once

    @property
    def is_idle(self) -> bool:
        """Nothing is being written or waits to be, and every store has said how it stands."""
        return all(desk.is_free and not desk.work and desk.states is not None for desk in self._desks)

    def read(self, connection: duckdb.DuckDBPyConnection) -> None:
        """In a turn, after the builds: what the sinks that have nothing to write do lack."""
        free = [desk for desk in self._desks if desk.is_free and desk.states is not None]
        if not free:
            return
        feed = ChangeFeed(connection, self._models)
        for desk in free:
            self._note(connection, desk)
            self._read(feed, desk)

    def write(self) -> list[Delivery]:
        """After it: have it written; what was written since the last time."""
        told = []
        for desk in self._desks:
            if not desk.is_free:
                continue
            told += desk.told
            desk.told = []
            if desk.work or desk.states is None:
                desk.thread = threading.Thread(target=_write, args=(desk,), name=f"sink {desk.sink.name}")
                desk.thread.start()
        return told

    def close(self, patience_seconds: float = 30.0) -> list[Delivery]:
        """Wait for what is being written, and let go of the stores."""
        deadline = time.monotonic() + patience_seconds
        told = []
        for desk in self._desks:
            if desk.thread is not None:
                desk.thread.join(max(0.0, deadline - time.monotonic()))
            if desk.thread is None or not desk.thread.is_alive():
                told += desk.told
                desk.sink.close()
        return told

    def _read(self, feed: ChangeFeed, desk: _Desk) -> None:
        states = desk.states or {}
        reads_views = time.monotonic() - desk.views_at >= VIEWS_EVERY_SECONDS
        if reads_views:
            desk.views_at = time.monotonic()
        desk.work, desk.read_at = [], time.monotonic()
        for target in desk.sink.targets:
            if target.follows == "whole" and not reads_views:
                continue
            try:
                changes = feed.changes(target, states.get(target.name), self._rows_at_once)
            except TickhouseError as error:
                desk.told.append(Delivery(desk.sink.name, target, error=str(error)))
            else:
                if changes is not None:
                    desk.work.append(changes)

    def _note(self, connection: duckdb.DuckDBPyConnection, desk: _Desk) -> None:
        """How far the store was, at least: prune keeps what lies behind it."""
        for target in desk.sink.targets:
            state, model = (desk.states or {}).get(target.name), self._models.get(target.mart)
            if state is None or state.through is None or model is None or target.follows == "whole":
                continue
            if desk.noted.get(target.name) != state.through.batch:
                key = [desk.sink.name, target.name]
                connection.execute("delete from ops.sinks where sink = ? and target = ?", key)
                connection.execute(
                    "insert into ops.sinks values (?, ?, ?, ?)", [*key, model.unique_id, state.through.batch]
                )
                desk.noted[target.name] = state.through.batch


def _write(desk: _Desk) -> None:
    """In the sink's thread: what is on the desk, or ask how the store stands."""
    work, desk.work = desk.work, []
    states = dict(desk.states or {})
    at: Target = desk.sink.targets[0]
    try:
        if desk.states is None:
            for at in desk.sink.targets:
                states[at.name] = desk.sink.state(at)
        for changes in work:
            at = changes.target
            written = deliver(desk.sink, changes)
            states[at.name] = changes.after
            seconds = time.monotonic() - desk.read_at
            desk.told.append(
                Delivery(desk.sink.name, at, written.row_count, written.refused_count, changes.after, seconds)
            )
    except TickhouseError as error:
        _fail(desk, at, str(error))
    except Exception as error:
        log.exception("The sink %s failed.", desk.sink.name)
        _fail(desk, at, f"{type(error).__name__}: {error}")
    else:
        desk.states, desk.wait_seconds = states, 0.0


def _fail(desk: _Desk, target: Target, error: str) -> None:
    """The store is asked again how it stands, after a while."""
    desk.states = None
    desk.wait_seconds = min(max(FIRST_WAIT_SECONDS, 2 * desk.wait_seconds), LONGEST_WAIT_SECONDS)
    desk.retry_at = time.monotonic() + desk.wait_seconds
    desk.told.append(
        Delivery(desk.sink.name, target, error=f"{error} Tried again in {desk.wait_seconds:.0f} s.")
    )
