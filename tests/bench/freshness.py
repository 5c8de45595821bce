"""Event ─▶ mart under a real `tickhouse up` with the simulated exchange, everything on the same machine: for
each message, from the moment it was received to the first look of a reader outside that finds it in the mart.
The reader opens the file about five times a second. (Settled: the begin of the transaction that built it.)
Runs hand over every two minutes meanwhile. Then the run is killed with -9. `0 s` is
`MICRO_BATCH_TURN_SECONDS=0`, without hand-overs.
"""

import os
import shutil
import signal
import statistics
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ingest.operations.runs import LEASE
from ingest.services import ports
from ingest.warehouse.duckdb.file import DuckDbFile
from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse
from tests.bench.figures import Bench, Figure, Findings, Target
from tests.bench.observer import Observer, family, latencies, run_of, utc_now
from tests.e2e.live_stack import LiveStack, awaited, live_stack

MARTS = {
    "fct_candles_1m": "binance_trades",
    "fct_trades": "binance_trades",
    "fct_book_top": "binance_depth",
}
"""What is watched, and the raw table that it is made from."""
CANDLES = "fct_candles_1m"
TOPICS = 3
RUN_SECONDS = 120
CALM_SECONDS = 60
"""After the start, before anything counts."""
QUIET_MINUTES = 2.0
SEEN, SETTLED = "received_at to seen_at", "received_at to settled_at"


@dataclass(frozen=True, slots=True)
class Case:
    """One Tickhouse that is watched, and what is wanted of it."""

    name: str
    rate: int
    """Messages a second and topic."""
    settings: Mapping[str, str]
    latency: tuple[float | None, float | None, float | None]
    """p50, p95 and maximum, in seconds."""
    memory_mb: float


HANDS_OVER = {"MICRO_BATCH_MAX_SECONDS": str(RUN_SECONDS)}
CASES = (
    Case("20/s a topic", 20, HANDS_OVER, (0.8, 1.5, 3), 250),
    Case("2,000/s a topic", 2_000, HANDS_OVER, (None, 4, None), 500),
    Case("20/s a topic, 0 s", 20, {"MICRO_BATCH_TURN_SECONDS": "0"}, (None, 0.6, None), 250),
)


def run(bench: Bench) -> Findings:
    found = Findings()
    for case in CASES:
        home = bench.home / f"live_{CASES.index(case)}"
        shutil.rmtree(home, ignore_errors=True)
        try:
            raw = _observe(bench, home, case)
        except (AssertionError, OSError) as error:
            found.figures.append(Figure(case.name, None, note=_short(error)))
            bench.say(str(error))
            continue
        finally:
            shutil.rmtree(home, ignore_errors=True)
        found.raw[case.name] = raw
        found.figures += _zero_figures(case, raw) if "0 s" in case.name else _figures(case, raw)
    return found


def _observe(bench: Bench, home: Path, case: Case) -> dict[str, Any]:
    bench.say(f"starting: {case.name}")
    broker_port = ports.free_port()
    with live_stack(home, broker_port=broker_port, rate=str(TOPICS * case.rate), **case.settings) as stack:
        observer = Observer(home, stack.process.pid, tuple(MARTS))
        observer.watch(CALM_SECONDS)
        observer.begin()
        began, history_bytes = utc_now(), _size(home / "dagster")
        minutes = min(bench.minutes, QUIET_MINUTES) if case is CASES[-1] else bench.minutes
        bench.say(f"watching for {minutes:g} minutes")
        observer.watch(minutes * 60)
        ended, grown = utc_now(), _size(home / "dagster") - history_bytes
        asked = _asked(stack)
        bench.say("killing the run")
        killed = _kill_run(stack, home)
    with DuckDbFile(home / "warehouse.duckdb").reading() as connection:
        return {
            "latency": {mart: latencies(connection, raw, observer.seen[mart]) for mart, raw in MARTS.items()},
            "landings": _landings(connection, began, ended),
            "asked_to_first_commit_seconds": _first_commits(connection, asked),
            "first_commit_after_kill_seconds": killed,
            "memory": asdict(observer.memory),
            "cpu": {"runs": observer.cpu_share(of_runs=True), "stack": observer.cpu_share(of_runs=False)},
            "history_mb_per_hour": grown / 1e6 / (ended - began).total_seconds() * 3600,
            "seconds": (ended - began).total_seconds(),
            "states_seen": len(observer.seen[CANDLES]),
        }


def _asked(stack: LiveStack) -> dict[str, float]:
    """When each run was asked for, in seconds since 1970."""
    query = """{runsOrError(filter:{pipelineName:"micro_batch"}){
        ... on Runs{results{runId creationTime}}}}"""
    return {run["runId"]: run["creationTime"] for run in stack.ask(query)["runsOrError"]["results"]}


def _first_commits(connection: Any, asked: Mapping[str, float]) -> list[float]:
    """Seconds from the request for a run to its first commit; the first run makes the tables, too."""
    rows = connection.execute(
        "select run_id, epoch(min(committed_at)) from ops.batches where run_id is not null group by run_id"
    ).fetchall()
    found = sorted((at, at - asked[run_id]) for run_id, at in rows if run_id in asked)
    return [seconds for _, seconds in found]


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


def _figures(case: Case, raw: dict[str, Any]) -> list[Figure]:
    at = case.name
    seen, settled = (raw["latency"][CANDLES][until] for until in (SEEN, SETTLED))
    commits = raw["asked_to_first_commit_seconds"]
    is_slow = case.rate == CASES[0].rate
    cpu = raw["cpu"]
    return [
        *(
            Figure(f"{at}: event → read in the mart, {name}", value, "s", target=_at_most(bound))
            for name, value, bound in zip(("p50", "p95", "max"), seen, case.latency, strict=True)
        ),
        Figure(f"{at}: event → settled, p95", settled[1], "s"),
        Figure(f"{at}: CPU of the run, of one core", cpu["runs"], "%", target=_at_most(is_slow and 35)),
        Figure(
            f"{at}: CPU of everything but broker and exchange",
            cpu["stack"],
            "%",
            target=_at_most(is_slow and 55),
        ),
        Figure(f"{at}: trades landed", raw["landings"]["trades"] / raw["seconds"], "msgs/s"),
        Figure(f"{at}: hand-overs meanwhile", int(raw["landings"]["runs"]) - 1),
        Figure(f"{at}: from landing to landing, median", raw["landings"]["p50_seconds"], "s"),
        Figure(f"{at}: from landing to landing, longest", raw["landings"]["max_seconds"], "s"),
        Figure(
            f"{at}: a run, asked for → its first commit",
            statistics.median(commits[1:]) if commits[1:] else None,
            "s",
            target=_at_most(6),
        ),
        Figure(
            f"{at}: kill -9 → next commit", raw["first_commit_after_kill_seconds"], "s", target=_at_most(9)
        ),
        Figure(
            f"{at}: peak memory of the run", raw["memory"]["run_mb"], "MB", target=_at_most(case.memory_mb)
        ),
        Figure(f"{at}: peak memory of everything but the broker", raw["memory"]["stack_mb"], "MB"),
        Figure(
            f"{at}: growth of Dagster's history",
            raw["history_mb_per_hour"],
            "MB/h",
            target=_at_most(is_slow and 15),
        ),
    ]


def _zero_figures(case: Case, raw: dict[str, Any]) -> list[Figure]:
    """Latency before CPU."""
    figures = []
    for mart in MARTS:
        p50, p95, _ = raw["latency"][mart][SEEN]
        figures += [
            Figure(f"{case.name}: event → read in `{mart}`, p50", p50, "s"),
            Figure(f"{case.name}: the same, p95", p95, "s", target=_at_most(case.latency[1])),
        ]
    return [*figures, Figure(f"{case.name}: CPU of the run, of one core", raw["cpu"]["runs"], "%")]


def _at_most(bound: float | None) -> Target | None:
    return Target("<=", bound) if bound else None


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
