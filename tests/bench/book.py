"""Changes of levels ─▶ ladders after every message: from nothing, beside a sorted container in Python and
beside plain intervals in SQL; best bid and ask alone beside nautilus_trader; the memory of a rebuild; and
what a batch of 10,000 changes costs on one history and on ten times it.
The messages of the peers are read before their time begins, ours is with the write to the table.
"""

import shutil
import sys
from dataclasses import asdict
from pathlib import Path

from tests.bench.figures import Bench, Figure, Findings, Target, ratio
from tests.bench.measure import Measured, Runs, SubjectFailed, interleaved, run_subject
from tests.bench.peers.environment import NAUTILUS, SORTED_CONTAINERS, peer_python

PEERS = Path(__file__).parent / "peers"
LADDER, TOP = "fct_book_ladder", "fct_book_top"
MOST_MB = 1500
"""Of memory, for a rebuild of five times the fewer changes."""


def run(bench: Bench) -> Findings:
    few, rounds = (1_000_000, 3) if bench.is_full else (50_000, 1)
    sizes = (few, 10 * few)
    homes = {updates: bench.home / f"book_{updates}" for updates in (*sizes, 5 * few)}
    file = bench.home / "book.parquet"
    try:
        for updates, home in homes.items():
            bench.say(f"landing {updates:,} changes")
            shutil.rmtree(home, ignore_errors=True)
            _ours(home, "fill", updates)
        runs = _beside(bench, rounds, homes[few], file)
        rebuilt = _ours(homes[5 * few], "build", file)
        _ours(homes[10 * few], "build", file)
        bench.say("batches on both histories, in turn")
        sized = [f"{updates}={homes[updates]}" for updates in sizes]
        costs = _ours(homes[few], "batches", 7 if bench.is_full else 2, *sized).said
    except SubjectFailed as error:
        return Findings([Figure("books", None, note=str(error))])
    finally:
        for home in homes.values():
            shutil.rmtree(home, ignore_errors=True)
        file.unlink(missing_ok=True)
    memory = Figure(
        f"books of {5 * few:,} changes from nothing: peak memory",
        rebuilt.peak_mb,
        "MB",
        target=Target("<=", MOST_MB) if bench.is_full else None,
    )
    raw = {"costs": costs} | {name: asdict(each) for name, each in runs.items()}
    return Findings([*_beside_peers(few, runs), memory, *_batch_costs(sizes, costs)], raw)


def _beside(bench: Bench, rounds: int, home: Path, file: Path) -> dict[str, Runs]:
    pythons = {
        "books_elsewhere": peer_python(bench, "sortedcontainers", SORTED_CONTAINERS),
        "bbo_elsewhere": peer_python(bench, "nautilus", NAUTILUS),
    }

    def peer(name: str) -> Measured:
        return run_subject([pythons[name], str(PEERS / f"{name}.py"), str(file)], patience_seconds=900)

    bench.say("ladders, in turn")
    # Their first build; each further one must begin from nothing as well.
    first = {"ours": Runs([_ours(home, "build", file)])}
    peers = interleaved(
        rounds,
        {
            "naive": lambda: _ours(home, "naive"),
            "python": lambda: peer("books_elsewhere"),
            "nautilus": lambda: peer("bbo_elsewhere"),
        },
    )
    return first | peers


def _ours(home: Path, *arguments: object) -> Measured:
    command = [sys.executable, "-m", "tests.bench.book_subjects", *map(str, arguments)]
    return run_subject(command, {"TICKHOUSE_HOME": str(home)}, patience_seconds=1800)


def _beside_peers(few: int, runs: dict[str, Runs]) -> list[Figure]:
    ours, top = (runs["ours"].median(lambda each, m=m: each.said["models"][m]) for m in (LADDER, TOP))
    naive, python, nautilus = (
        runs[name].median(lambda each: each.said["seconds"]) for name in ("naive", "python", "nautilus")
    )
    what, touch = f"ladders of {few:,} changes", f"best bid and ask of {few:,} changes"
    return [
        Figure(f"{what}: a sorted container in Python", python, "s", note=runs["python"].failure),
        Figure(f"{what}: plain intervals in SQL", naive, "s", note=runs["naive"].failure),
        Figure(f"{what}: ours", ours, "s"),
        _faster(f"{what}: ours, as fast", python, ours, "the sorted container", 0.6),
        _faster(f"{what}: ours, as fast", naive, ours, "plain intervals", 3),
        Figure(f"{touch}: nautilus_trader", nautilus, "s", note=runs["nautilus"].failure),
        Figure(f"{touch}: ours", top, "s"),
        _faster(f"{touch}: ours, as fast", nautilus, top, "nautilus_trader", 0.8),
    ]


def _faster(what: str, other: float | None, ours: float | None, against: str, least: float) -> Figure:
    return Figure(what, None, "", ratio(other, ours), against, Target(">=", least, of="ratio"))


def _batch_costs(sizes: tuple[int, int], costs: dict[str, dict[str, float]]) -> list[Figure]:
    few, many = (costs[str(size)] for size in sizes)
    return [
        Figure(
            f"`{model}`, a batch at {sizes[1]:,} changes",
            many[model] * 1000,
            "ms",
            ratio(many[model], few[model]),
            f"at {sizes[0]:,}",
            Target("<=", 1.3, of="ratio") if model.startswith("fct_") else None,
        )
        for model in sorted(many)
        if "book" in model or model.startswith("fct_")
    ]
