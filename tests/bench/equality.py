"""The equality proof, longer than the suite has time for: random lives of a warehouse, with messages late,
twice, corrected and replayed and builds that fail, each compared with a rebuild row by row, both ways.
"""

import shutil
import statistics
import time

from tests.bench.figures import Bench, Figure, Findings, Target
from tests.dbt.random_life import live_through
from tests.dbt.trial import PROJECT, open_trial, parse_project

FIRST_SEED = 1_000
"""The suite has the lower ones."""


def run(bench: Bench) -> Findings:
    lives, steps = (20, 25) if bench.is_full else (2, 10)
    folder = bench.home / "equality"
    shutil.rmtree(folder, ignore_errors=True)
    project = parse_project(PROJECT, folder / "target")
    seconds, differing = [], {}
    for seed in range(FIRST_SEED, FIRST_SEED + lives):
        began = time.monotonic()
        with open_trial(project, folder / f"home_{seed}") as trial:
            live_through(trial, seed, steps)
            differing[seed] = {name: len(rows) for name, rows in trial.differences_to_rebuild().items()}
        seconds.append(time.monotonic() - began)
        bench.say(f"seed {seed}: {seconds[-1]:.0f} s, {differing[seed] or 'equal'}")
    shutil.rmtree(folder, ignore_errors=True)
    different = sum(sum(found.values()) for found in differing.values())
    return Findings(
        [
            Figure(f"random lives of {steps} steps, {len(project.models)} models", lives),
            Figure("rows that are other than in a rebuild", different, target=Target("<=", 0)),
            Figure("one life with its rebuild, median", statistics.median(seconds), "s"),
        ],
        {"seconds": seconds, "differing": differing},
    )
