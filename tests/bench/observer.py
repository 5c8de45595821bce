"""Watches a live Tickhouse from outside, as a reader of its marts would: what is built, and its memory."""

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import psutil

from ingest.core.errors import WarehouseBusy
from ingest.warehouse.duckdb.file import DuckDbFile

LOOK_SECONDS = 0.33
MEMORY_SECONDS = 5.0
PROGRESS = "select built_through, settled_at from ops.model_progress where model = 'model.tickhouse.{}'"


@dataclass(frozen=True, slots=True)
class Seen:
    """A state of the mart: when it was written, and when a reader first found it."""

    built_through: int
    settled_at: datetime
    seen_at: datetime


@dataclass(slots=True)
class Memory:
    """Peaks in MB: of the run that loops, and of all processes together."""

    run_mb: float = 0.0
    stack_mb: float = 0.0


@dataclass(slots=True)
class Observer:
    """Looks about three times a second; `seen` has each state once."""

    home: Path
    pid: int
    mart: str
    seen: list[Seen] = field(default_factory=list)
    memory: Memory = field(default_factory=Memory)

    def watch(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        memory_due = 0.0
        while time.monotonic() < deadline:
            self._look()
            if time.monotonic() >= memory_due:
                self._weigh()
                memory_due = time.monotonic() + MEMORY_SECONDS
            time.sleep(LOOK_SECONDS)

    def _look(self) -> None:
        file = DuckDbFile(self.home / "warehouse.duckdb")
        with suppress(WarehouseBusy), file.reading(wait_seconds=10) as connection:
            row = connection.execute(PROGRESS.format(self.mart)).fetchone()
            if row and (not self.seen or row[0] > self.seen[-1].built_through):
                self.seen.append(Seen(row[0], row[1], utc_now()))

    def _weigh(self) -> None:
        total = 0.0
        for process in family(self.pid):
            with suppress(psutil.Error):
                resident = process.memory_info().rss / 1e6
                total += resident
                if run_of(process, self.home):
                    self.memory.run_mb = max(self.memory.run_mb, resident)
        self.memory.stack_mb = max(self.memory.stack_mb, total)


def family(pid: int) -> Iterator[psutil.Process]:
    """A process and all that it started, but for what went its own way (the broker)."""
    root = psutil.Process(pid)
    yield root
    yield from root.children(recursive=True)


def run_of(process: psutil.Process, home: Path) -> str | None:
    """The id of the looping run that this process is, by the sign of life that it holds open."""
    with suppress(psutil.Error):
        for file in process.open_files():
            if Path(file.path).parent == home / "runs":
                return Path(file.path).name
    return None


def utc_now() -> datetime:
    """As the warehouse writes times: UTC without zone."""
    return datetime.now(UTC).replace(tzinfo=None)


def latencies(connection: duckdb.DuckDBPyConnection, seen: list[Seen]) -> dict[str, list[float]]:
    """p50, p95 and maximum in seconds, from each clock of a trade to the mart that has it."""
    connection.execute(
        "create temp table seen (built_through bigint, settled_at timestamp, seen_at timestamp)"
    )
    rows = [(each.built_through, each.settled_at, each.seen_at) for each in seen]
    connection.executemany("insert into seen values (?, ?, ?)", rows)
    found = {}
    for since in ("received_at", "published_at"):
        for until in ("settled_at", "seen_at"):
            row = connection.execute(
                f"""select quantile_cont(seconds, [0.5, 0.95, 1]) from (
                        select epoch(seen.{until} - raw.{since}) as seconds
                        from raw.binance_trades as raw
                        asof join seen on raw.batch_id <= seen.built_through
                        where raw.batch_id > ?)""",
                [seen[0].built_through],
            ).fetchone()
            assert row is not None
            found[f"{since} to {until}"] = row[0]
    return found
