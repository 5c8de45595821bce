"""Trades ─▶ candles, and everything that is made of trades: a full rebuild beside polars on the same trades,
and beside a loop that fills a pandas DataFrame minute by minute. Decimals are exact here and floats there.
A one-minute candle is made of seconds here, of trades there. Times of ours are with the write to the table,
those of polars with reading and writing Parquet.
"""

import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from tests.bench.figures import Bench, Figure, Findings, Target, ratio
from tests.bench.measure import Measured, Runs, SubjectFailed, interleaved, run_subject
from tests.bench.peers.environment import POLARS, peer_python

PEER = Path(__file__).parent / "peers" / "candles_elsewhere.py"
# Some ask other feeds, too, which are not here.
OF_OTHERS = (
    *("fct_candle_parity", "fct_feed_gaps", "fct_feed_latency", "fct_rejected_records"),
    *("fct_stats_24h", "fct_trade_book"),
)
EVERYTHING = ("fct_trades+", "--exclude", *OF_OTHERS)
LOOPED = 50_000
"""Rows of the pandas loop: it would take hours for all."""


CANDLES = {"1s": 1.5, "1m": 2.5}
"""As slow as that beside polars, at most."""


def run(bench: Bench) -> Findings:
    rows, rounds = (10_000_000, 3) if bench.is_full else (100_000, 1)
    home, file = bench.home / "vwap", bench.home / "vwap.parquet"
    shutil.rmtree(home, ignore_errors=True)
    try:
        bench.say(f"landing {rows:,} trades")
        _ours(home, "fill", rows, file)
        python = peer_python(bench, "polars", POLARS)
        bench.say("candles and everything, in turn")
        runs = interleaved(
            rounds,
            {
                "candles": lambda: _ours(home, "rebuild", "fct_candles_1s", "fct_candles_1m"),
                "polars 1s": lambda: _run([python, str(PEER), "polars", "1s", str(file)]),
                "polars 1m": lambda: _run([python, str(PEER), "polars", "1m", str(file)]),
                "everything": lambda: _ours(home, "rebuild", *EVERYTHING),
                "polars all": lambda: _run([python, str(PEER), "polars", "all", str(file)]),
                "pandas": lambda: _run([python, str(PEER), "pandas", str(file), str(LOOPED)]),
            },
        )
    except SubjectFailed as error:
        return Findings([Figure("candles", None, note=str(error))])
    finally:
        shutil.rmtree(home, ignore_errors=True)
        file.unlink(missing_ok=True)
    raw = {"rows": rows} | {name: asdict(each) for name, each in runs.items()}
    return Findings(_figures(rows, runs), raw)


def _ours(home: Path, *arguments: object) -> Measured:
    return _run([sys.executable, "-m", "tests.bench.vwap_subjects", *map(str, arguments)], home)


def _run(command: list[str], home: Path | None = None) -> Measured:
    return run_subject(command, {"TICKHOUSE_HOME": str(home)} if home else None, patience_seconds=1800)


def _said(measured: Measured) -> float:
    return measured.said["seconds"]


def _figures(rows: int, runs: dict[str, Runs]) -> list[Figure]:
    figures = []
    for length, most in CANDLES.items():
        ours = runs["candles"].median(_of_model(f"fct_candles_{length}"))
        polars = runs[f"polars {length}"].median(_said)
        figures += [
            Figure(f"candles of {length}, {rows:,} trades: polars", polars, "s"),
            Figure(
                f"candles of {length}, {rows:,} trades: ours",
                ours,
                "s",
                ratio(ours, polars),
                "polars",
                Target("<=", most, of="ratio"),
            ),
        ]
    everything, polars = runs["everything"], runs["polars all"].median(_said)
    seconds, loop = everything.median(_said), runs["pandas"].median(_said)
    per_second = ratio(rows, seconds)
    return [
        *figures,
        Figure("all models of trades: ours", seconds, "s", note=everything.failure),
        Figure("all models of trades: ours, peak memory", everything.median(lambda each: each.peak_mb), "MB"),
        Figure("four candles and the minute's analytics: polars", polars, "s"),
        Figure("the same: polars, peak memory", runs["polars all"].median(lambda each: each.peak_mb), "MB"),
        Figure("the minute's analytics: pandas, message by message", ratio(LOOPED, loop), "trades/s"),
        Figure(
            "all models of trades: ours",
            per_second,
            "trades/s",
            ratio(per_second, ratio(LOOPED, loop)),
            "pandas",
        ),
    ]


def _of_model(name: str) -> Callable[[Measured], float]:
    return lambda measured: measured.said["models"][name]
