"""Event ─▶ mart under a real `tickhouse up` with the simulated exchange: for each trade, from the moment
its message was received to the first settled state of `fct_candles_1m` that has it. Runs hand over every
two minutes meanwhile. Then the run is killed with -9.
"""

import os
import shutil
import signal
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ingest.operations.runs import LEASE
from ingest.services import ports
from ingest.warehouse.duckdb.file import DuckDbFile
from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse
from tests.bench.figures import Bench, Figure, Findings, Target
from tests.bench.observer import Observer, family, latencies, run_of, utc_now
from tests.e2e.live_stack import LiveStack, awaited, live_stack

MART = "fct_candles_1m"
TOPICS = 3
RUN_SECONDS = 120
CALM_SECONDS = 20
"""After the start, before anything counts."""
WANTED: dict[int, tuple[float | None, float, float | None]] = {20: (1.5, 3, 5), 2_000: (None, 4, None)}
"""p50, p95 and maximum by messages a second and topic."""


def run(bench: Bench) -> Findings:
    found = Findings()
    for rate in WANTED:
        home = bench.home / f"live_{rate}"
        shutil.rmtree(home, ignore_errors=True)
        try:
            raw = _observe(bench, home, rate)
        except (AssertionError, OSError) as error:
            found.figures.append(Figure(f"{rate:,}/s a topic", None, note=_short(error)))
            bench.say(str(error))
            continue
        finally:
            shutil.rmtree(home, ignore_errors=True)
        found.raw[str(rate)] = raw
        found.figures += _figures(rate, raw)
    return found


def _observe(bench: Bench, home: Path, rate: int) -> dict[str, Any]:
    bench.say(f"starting at {rate:,}/s a topic")
    environment = {"MICRO_BATCH_MAX_SECONDS": str(RUN_SECONDS)}
    broker_port = ports.free_port()
    with live_stack(home, broker_port=broker_port, rate=str(TOPICS * rate), **environment) as stack:
        observer = Observer(home, stack.process.pid, MART)
        observer.watch(CALM_SECONDS)
        observer.seen.clear()
        began, history_bytes = utc_now(), _size(home / "dagster")
        bench.say(f"watching for {bench.minutes:g} minutes")
        observer.watch(bench.minutes * 60)
        ended, grown = utc_now(), _size(home / "dagster") - history_bytes
        bench.say("killing the run")
        killed = _kill_run(stack, home)
    with DuckDbFile(home / "warehouse.duckdb").reading() as connection:
        return {
            "latency": latencies(connection, observer.seen),
            "landings": _landings(connection, began, ended),
            "first_commit_after_kill_seconds": killed,
            "memory": asdict(observer.memory),
            "history_mb_per_hour": grown / 1e6 / (ended - began).total_seconds() * 3600,
            "seconds": (ended - began).total_seconds(),
            "states_seen": len(observer.seen),
        }


def _kill_run(stack: LiveStack, home: Path) -> float:
    """Seconds from kill -9 to the first commit of another run."""
    warehouse = DuckDbWarehouse(home / "warehouse.duckdb", wait_seconds=30)
    run_id = warehouse.lease_holder(LEASE)
    processes = [each for each in family(stack.process.pid) if run_of(each, home) == run_id]
    assert processes, "no process holds the lease"
    killed_at = utc_now()
    os.kill(processes[0].pid, signal.SIGKILL)

    def first_commit() -> float | None:
        with warehouse.file.reading(wait_seconds=30) as connection:
            row = connection.execute(
                "select epoch(min(committed_at) - ?) from ops.batches where committed_at > ? and run_id <> ?",
                [killed_at, killed_at, run_id],
            ).fetchone()
        return row[0] if row else None

    return awaited("a commit after kill -9", first_commit)


def _landings(connection: Any, began: object, ended: object) -> dict[str, float]:
    """How far apart the landings of trades were, and how many runs made them."""
    names = ("trades", "runs", "p50_seconds", "max_seconds")
    row = connection.execute(
        """with landings as (
               select run_id, epoch(committed_at - lag(committed_at) over (order by batch_id)) as seconds,
                   (select sum(row_count) from ops.windows
                    where windows.batch_id = batches.batch_id) as trades
               from ops.batches as batches
               where topic = 'binance.trades' and committed_at between ? and ?)
           select sum(trades), count(distinct run_id), median(seconds), max(seconds) from landings""",
        [began, ended],
    ).fetchone()
    return {name: float(value) for name, value in zip(names, row, strict=True)}


def _figures(rate: int, raw: dict[str, Any]) -> list[Figure]:
    at = f"{rate:,}/s a topic"
    settled, seen = (raw["latency"][f"received_at to {until}"] for until in ("settled_at", "seen_at"))
    handed_over = int(raw["landings"]["runs"]) - 1
    wanted = [None if bound is None else Target("<=", bound) for bound in WANTED[rate]]
    figures = [
        Figure(f"{at}: event → mart, {name}", value, "s", target=target)
        for name, value, target in zip(("p50", "p95", "max"), settled, wanted, strict=True)
    ]
    return [
        *figures,
        Figure(f"{at}: event → read by somebody who looks 3 times a second, p95", seen[1], "s"),
        Figure(f"{at}: trades landed", raw["landings"]["trades"] / raw["seconds"], "msgs/s"),
        Figure(f"{at}: hand-overs meanwhile", handed_over),
        Figure(f"{at}: from landing to landing, median", raw["landings"]["p50_seconds"], "s"),
        Figure(f"{at}: from landing to landing, longest", raw["landings"]["max_seconds"], "s"),
        Figure(
            f"{at}: kill -9 → first commit",
            raw["first_commit_after_kill_seconds"],
            "s",
            target=Target("<=", 15),
        ),
        Figure(f"{at}: peak memory of the run", raw["memory"]["run_mb"], "MB"),
        Figure(f"{at}: peak memory of everything but the broker", raw["memory"]["stack_mb"], "MB"),
        Figure(f"{at}: growth of Dagster's history", raw["history_mb_per_hour"], "MB/h"),
    ]


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
