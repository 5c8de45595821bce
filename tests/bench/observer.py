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

LOOK_SECONDS = 0.15
WEIGH_SECONDS = 2.0
EXCHANGE = "publish"
"""In the command of what stands for the exchange: its work is not ours."""
PROGRESS = """select replace(model, 'model.tickhouse.', ''), built_through, settled_at from ops.model_progress
              where built_through > 0"""


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
class Used:
    """CPU-seconds of one process: when it was first seen, and last."""

    first: float
    last: float
    is_run: bool
    is_exchange: bool


@dataclass(slots=True)
class Observer:
    """Looks about five times a second; `seen` has each state of each mart once."""

    home: Path
    pid: int
    marts: tuple[str, ...]
    seen: dict[str, list[Seen]] = field(default_factory=dict)
    memory: Memory = field(default_factory=Memory)
    used: dict[int, Used] = field(default_factory=dict)
    seconds: float = 0.0
    began_at: float = 0.0

    def begin(self) -> None:
        """What was seen before does not count."""
        self.seen, self.used, self.seconds = {mart: [] for mart in self.marts}, {}, 0.0
        self.began_at = time.time()

    def watch(self, seconds: float) -> None:
        began = time.monotonic()
        due = 0.0
        while time.monotonic() < began + seconds:
            self._look()
            if time.monotonic() >= due:
                self._weigh()
                due = time.monotonic() + WEIGH_SECONDS
            time.sleep(LOOK_SECONDS)
        self._weigh()
        self.seconds += time.monotonic() - began

    def cpu_share(self, *, of_runs: bool) -> float:
        """Of one core, in percent: of the runs that loop, or of everything but broker and exchange."""
        counted = [used for used in self.used.values() if used.is_run or not (of_runs or used.is_exchange)]
        return 100 * sum(used.last - used.first for used in counted) / self.seconds

    def _look(self) -> None:
        file = DuckDbFile(self.home / "warehouse.duckdb")
        with suppress(WarehouseBusy), file.reading(wait_seconds=10) as connection:
            rows = connection.execute(PROGRESS).fetchall()
            now = utc_now()
            for mart, through, settled_at in rows:
                states = self.seen.get(mart)
                if states is not None and (not states or through > states[-1].built_through):
                    states.append(Seen(through, settled_at, now))

    def _weigh(self) -> None:
        total = 0.0
        for process in family(self.pid):
            with suppress(psutil.Error):
                resident = process.memory_info().rss / 1e6
                total += resident
                is_run = run_of(process, self.home) is not None
                if is_run:
                    self.memory.run_mb = max(self.memory.run_mb, resident)
                self._count(process, is_run=is_run)
        self.memory.stack_mb = max(self.memory.stack_mb, total)

    def _count(self, process: psutil.Process, *, is_run: bool) -> None:
        """A process that began meanwhile began with nothing."""
        times = process.cpu_times()
        now = times.user + times.system
        if process.pid not in self.used:
            is_new = process.create_time() > self.began_at
            is_exchange = EXCHANGE in process.cmdline()
            self.used[process.pid] = Used(0.0 if is_new else now, now, is_run, is_exchange)
        used = self.used[process.pid]
        used.last, used.is_run = now, used.is_run or is_run


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


def latencies(
    connection: duckdb.DuckDBPyConnection, raw_table: str, seen: list[Seen]
) -> dict[str, list[float]]:
    """p50, p95 and maximum in seconds, from each clock of a message to the mart that has it."""
    connection.execute(
        "create or replace temp table seen (built_through bigint, settled_at timestamp, seen_at timestamp)"
    )
    rows = [(each.built_through, each.settled_at, each.seen_at) for each in seen]
    connection.executemany("insert into seen values (?, ?, ?)", rows)
    found = {}
    for since in ("received_at", "published_at"):
        for until in ("settled_at", "seen_at"):
            row = connection.execute(
                f"""select quantile_cont(seconds, [0.5, 0.95, 1]) from (
                        select epoch(seen.{until} - raw.{since}) as seconds
                        from raw.{raw_table} as raw
                        asof join seen on raw.batch_id <= seen.built_through
                        where raw.batch_id > ?)""",
                [seen[0].built_through],
            ).fetchone()
            assert row is not None
            found[f"{since} to {until}"] = row[0]
    return found
