"""The live models alone, as the plan builds them, without a broker beside them: batches of 10,000 trades,
10,000 quotes and 500 changes of books with twenty levels each, onto a history of a million rows a topic. One
message in a hundred is a day late.
"""

import shutil
import sys
from dataclasses import asdict

from tests.bench.figures import Bench, Figure, Findings, Target
from tests.bench.history import ALL
from tests.bench.history_data import BATCH_ROWS, DEPTH_SHARE, FEEDS
from tests.bench.history_subjects import SMALL_ROWS
from tests.bench.measure import Measured, SubjectFailed, run_subject

SPAN_HOURS = 30
MESSAGES = BATCH_ROWS * len(FEEDS) + BATCH_ROWS // DEPTH_SHARE


def run(bench: Bench) -> Findings:
    rows = 1_000_000 if bench.is_full else 50_000
    home = bench.home / "live_alone"
    shutil.rmtree(home, ignore_errors=True)

    def subject(*arguments: object) -> Measured:
        command = [sys.executable, "-m", "tests.bench.history_subjects", *map(str, arguments)]
        return run_subject(command, {"TICKHOUSE_HOME": str(home)}, patience_seconds=300)

    per_hour = rows / SPAN_HOURS
    try:
        bench.say(f"making up {rows:,} rows a topic and building them")
        subject("fill", rows, per_hour)
        subject("build")
        bench.say("batches")
        measured = subject("live", 9 if bench.is_full else 3, per_hour, rows)
    except SubjectFailed as error:
        return Findings([Figure("the live models alone", None, note=str(error))])
    finally:
        shutil.rmtree(home, ignore_errors=True)
    second, small, watched = (measured.said[case][ALL] for case in ("second", "small", "small, watched"))
    return Findings(
        [
            Figure(
                f"live models alone, {rows:,} rows a topic",
                MESSAGES / second,
                "msgs/s",
                target=Target(">=", 25_000),
            ),
            Figure(f"the same: a batch of {MESSAGES:,} messages", second, "s"),
            Figure(
                f"the same: a batch of {SMALL_ROWS} trades, {SMALL_ROWS} quotes, 3 changes of books",
                small,
                "s",
            ),
            Figure("the same: what is watched alone (trades, candles, the top)", watched, "s"),
            Figure("the same: peak memory", measured.peak_mb, "MB"),
        ],
        asdict(measured),
    )
