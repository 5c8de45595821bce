"""How a live feed fares: its process writes it down beside the data, `up`, `status` and Dagster read it.

feed's messages and events ─▶ FeedLog ─▶ TICKHOUSE_HOME/feeds/<venue>.json ─▶ FeedHealth ─▶ is it heard?

It is a file, since a feed that is not connected has nothing to send.
"""

import fcntl
import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ingest.core.held_file import is_held
from ingest.core.message import Message
from ingest.core.settings import Settings
from ingest.feeds.transport.events import TOPIC as EVENTS

KEEP_SECONDS = 1.0
PATIENCE_SECONDS = 8.0
"""So long may the first connection take before it is said that there is none."""
UP, DOWN = "connected", ("disconnected", "silent")


@dataclass(slots=True)
class Connection:
    """One of a feed's connections: since when it is up, or down and why."""

    is_up: bool
    since: float
    why: str = ""


@dataclass(slots=True)
class FeedHealth:
    """What a feed's process wrote last. Times are in epoch seconds."""

    feed: str
    topics: list[str]
    started: float
    connections: dict[str, Connection] = field(default_factory=dict)
    last_message: float | None = None
    error: str | None = None
    """Why it ended by itself."""
    is_alive: bool = True

    @property
    def down(self) -> Connection | None:
        """The first connection that is not up."""
        return next((one for one in self.connections.values() if not one.is_up), None)

    @property
    def problem(self) -> str | None:
        """What is wrong with it, if something is."""
        if not self.is_alive:
            return f"stopped: {self.error}" if self.error else "its process is gone"
        if (down := self.down) is not None:
            return f"not connected since {clock(down.since)}: {down.why}"
        if not self.connections and time.time() - self.started > PATIENCE_SECONDS:
            return f"not connected since {clock(self.started)}: no answer yet"
        return None

    @property
    def connected_since(self) -> float | None:
        """None: it is not, or not all of it is."""
        if not self.connections or not self.is_alive or self.down is not None:
            return None
        return max(one.since for one in self.connections.values())

    def __str__(self) -> str:
        if self.problem:
            return self.problem
        since = self.connected_since
        if since is None:
            return "connecting"
        if self.last_message is None:
            return f"connected since {clock(since)}, no message yet"
        return f"connected since {clock(since)}, last message {clock(self.last_message)}"


def clock(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%H:%M:%S} UTC"


class FeedLog:
    """Kept by the feed's process for as long as it runs; each turn of fate is also said, once."""

    def __init__(
        self, settings: Settings, feed: str, topics: Sequence[str], say: Callable[[str], None]
    ) -> None:
        self._folder = settings.tickhouse_home / "feeds"
        self._say = say
        self._health = FeedHealth(feed, list(topics), time.time())
        self._name = feed
        self._due = 0.0
        self._told: str | None = None

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._lock = (self._folder / f"{self._name}.lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:  # a second one of its kind
            self._lock.close()
            self._name = f"{self._name}-{os.getpid()}"
            self._lock = (self._folder / f"{self._name}.lock").open("w")
            fcntl.flock(self._lock, fcntl.LOCK_EX)
        self._keep()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, Exception):
            self._health.error = str(error)
            self._keep()
        else:
            (self._folder / f"{self._name}.json").unlink(missing_ok=True)
        self._lock.close()

    def connected(self) -> None:
        """For a feed that has nothing to connect to."""
        self._health.connections[self._name] = Connection(is_up=True, since=time.time())
        self._keep()

    def seen(self, message: Message) -> None:
        """Called with each message, on its way to Kafka."""
        if message.topic == EVENTS:
            self._heard(message)
            return
        is_first, self._health.last_message = self._health.last_message is None, time.time()
        if is_first or time.monotonic() >= self._due:
            self._keep()

    def _heard(self, message: Message) -> None:
        kind = dict(message.headers).get("channel", b"").decode()
        if kind != UP and kind not in DOWN:
            return
        body = json.loads(message.payload or b"{}")
        name, why = body["connection"], body["detail"] or kind
        before = self._health.connections.get(name)
        is_up = kind == UP
        since = before.since if before is not None and before.is_up == is_up else body["at"] / 1000
        self._health.connections[name] = Connection(is_up, since, "" if is_up else why)
        self._keep()
        told = f"{name} is connected." if is_up else f"{name} is not connected: {why}. It tries again."
        if told != self._told:
            self._told = told
            self._say(f"{clock(time.time())} {told}")

    def _keep(self) -> None:
        self._due = time.monotonic() + KEEP_SECONDS
        path = self._folder / f"{self._name}.json"
        unseen = path.with_suffix(".new")
        unseen.write_text(json.dumps(asdict(self._health)))
        unseen.replace(path)


def read_feeds(settings: Settings) -> list[FeedHealth]:
    """The live feeds of this home: those that run, and those that did not end well."""
    folder = settings.tickhouse_home / "feeds"
    return [found for path in sorted(folder.glob("*.json")) if (found := _read(path)) is not None]


def _read(path: Path) -> FeedHealth | None:
    try:
        kept: dict[str, Any] = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):  # it has just ended
        return None
    kept["connections"] = {name: Connection(**one) for name, one in kept["connections"].items()}
    kept["is_alive"] = is_held(path.with_suffix(".lock"))
    return FeedHealth(**kept)
