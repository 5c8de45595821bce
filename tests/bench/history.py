"""What a batch costs with ten times the history: 10,000 messages a topic (500 of depth), landed and
built by the plan, on both histories in turn. One in a hundred is a day late. And a rebuild's memory.
"""

import shutil
import sys
from dataclasses import asdict
from pathlib import Path

from tests.bench.figures import Bench, Figure, Findings, Target, ratio
from tests.bench.measure import Measured, SubjectFailed, run_subject

SPAN_HOURS = 30
"""Of the shorter history: longer than what is late."""
MOST = 1.3
ALL = "all models"


def run(bench: Bench) -> Findings:
    few = 1_000_000 if bench.is_full else 100_000
    homes = {rows: bench.home / f"history_{rows}" for rows in (few, 10 * few)}
    per_hour = few / SPAN_HOURS
    try:
        built = {rows: _build(bench, home, rows, per_hour) for rows, home in homes.items()}
        bench.say("landing and building batches on both, in turn")
        costs = _batches(bench, homes, per_hour)
    except SubjectFailed as error:
        return Findings([Figure("a batch", None, note=str(error))])
    finally:
        for home in homes.values():
            shutil.rmtree(home, ignore_errors=True)
    raw = {"builds": {rows: asdict(measured) for rows, measured in built.items()}, "batches": costs}
    return Findings([*_figures(few, costs), *_rebuild(10 * few, built[10 * few])], raw)


def _build(bench: Bench, home: Path, rows: int, per_hour: float) -> Measured:
    bench.say(f"making up {rows:,} rows a topic")
    shutil.rmtree(home, ignore_errors=True)
    _run(home, "fill", rows, per_hour)
    bench.say("building them")
    measured = _run(home, "build")
    bench.say(f"built in {measured.said['seconds']:.0f} s, {measured.peak_mb:.0f} MB")
    return measured


def _batches(bench: Bench, homes: dict[int, Path], per_hour: float) -> dict[str, dict[str, float]]:
    sized = [f"{rows}={home}" for rows, home in homes.items()]
    return _run(next(iter(homes.values())), "batches", 7 if bench.is_full else 2, per_hour, *sized).said


def _run(home: Path, *arguments: object) -> Measured:
    command = [sys.executable, "-m", "tests.bench.history_subjects", *map(str, arguments)]
    return run_subject(command, {"TICKHOUSE_HOME": str(home)}, patience_seconds=900)


def _figures(few: int, costs: dict[str, dict[str, float]]) -> list[Figure]:
    before, after = costs[str(few)], costs[str(10 * few)]
    marts = [model for model in sorted(after) if model.startswith(("fct_", "dim_"))]
    others = [model for model in sorted(after) if model not in marts and model != ALL]
    target = Target("<=", MOST, of="ratio")
    return [
        Figure(
            f"`{model}`" if model != ALL else model,
            after[model] * 1000,
            "ms",
            ratio(after[model], before[model]),
            f"at {few:,} rows",
            target if model in marts else None,
        )
        for model in (*marts, *others, ALL)
    ]


def _rebuild(rows: int, built: Measured) -> list[Figure]:
    return [
        Figure(f"rebuild of everything, {rows:,} rows a topic", built.said["seconds"], "s"),
        Figure("rebuild: peak memory", built.peak_mb, "MB"),
        Figure("warehouse file after it", built.said["file_mb"], "MB"),
    ]
