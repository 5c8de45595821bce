"""Whatever is typed: no traceback, an exit code, and a sentence that helps."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from ingest.services import ports
from tests.cli.conftest import Run

WRONG_USAGE = 2
BAD = [
    ("sql", ""),
    ("sql", "-- a comment"),
    ("sql", ";"),
    ("sql", "select 1; selec 2"),
    ("sql", "select 1", "--time-limit", "-1"),
    ("sql", "select 1", "--wait-seconds", "-1"),
    ("sql", "\0"),
    ("book", "BTCUSDT", "--levels", "-1"),
    ("book", "BTCUSDT", "--levels", "99999999999999999999"),
    ("book", "BTCUSDT", "--sequence", "99999999999999999999"),
    ("book", "", "--at", "9999-12-31"),
    ("vwap", "", "--venue", ""),
    ("status", "--wait-seconds", "-1"),
    ("audit", "NOPE", "--date", "2026-01-01"),
    ("drain", "--topics", "nope"),
    ("repair", "--topics", "nope"),
    ("reset", "--topics", "nope", "--yes"),
    ("replay", "binance.trades", "--since", "2026-02-01", "--until", "2026-01-01"),
    ("replay", "binance.trades", "--batches", "9-1"),
    ("build", "--select", "nope"),
    ("parity", "--select", "nope"),
    ("copy", "--from", "snowflake", "--to", "duckdb"),
    ("up", "--feed", "nope"),
    ("up", "--port", "0"),
    ("up", "--port", "99999"),
    ("up", "--rate", "fast"),
    ("up", "--rate", "nan", "--detach"),
    ("up", "--symbols", "nope"),
    ("up", "--symbols", "", "--feed", "kraken"),
    ("up", "--faults", "gaps=2", "--detach"),
    ("up", "--faults", "gaps=0.1", "--feed", "binance"),
    ("up", "--with", "cdc,nope"),
    ("up", "--detach", "--port", "{taken}"),
    ("up", "--detach", "--home", "{unwritable}/home"),
    ("down", "--home", ""),
    ("logs", "nope"),
    ("logs", "feed", "-n", "-1"),
    ("logs", "--home", "{file}"),
    ("topics", "consume"),
    ("topics", "consume", "binance.trades"),
    ("topics", "consume", "", "--from", "never"),
    ("topics", "consume", "binance.trades", "-n", "99999999999999999999"),
    ("topics", "consume", "binance.trades", "--partition", "-1"),
    ("topics", "consume", "binance.trades", "--from", "9999-99-99"),
    ("topics", "nope"),
    ("docs", "--port", "-1"),
    ("docs", "--port", "{taken}"),
    ("snapshot", "{folder}"),
    ("snapshot", "{unwritable}/x.duckdb"),
    ("backup", "{file}"),
    ("backup", "{unwritable}/backup"),
    ("restore", "{folder}", "--yes"),
    ("restore", "{nowhere}", "--yes"),
    ("record", "{file}"),
    ("record", "{folder}", "--messages", "-1"),
    ("record", "{folder}", "--channels", "nope"),
    ("publish", "simulated", "--messages", "-1"),
    ("publish", "simulated", "--messages", "5", "--faults", "gaps=2"),
    ("publish", "simulated", "--messages", "5", "--faults", "gaps=-1"),
    ("publish", "simulated", "--messages", "5", "--rate", "nan"),
    ("publish", "ticks", "--messages", "-1"),
    ("publish", "ticks", "--messages", "5", "--faults", "gaps=2"),
    ("publish", "polls", "--every", "-1"),
    ("publish", "backfill", "--symbol", "X", "--since", "2026-02-01", "--until", "2026-01-01"),
    ("publish", "backfill", "--symbol", "X", "--first-id", "9", "--last-id", "1"),
    ("publish", "capture", "{nowhere}", "--venue", "binance", "--symbol", "X"),
    ("publish", "capture", "{folder}", "--venue", "binance", "--symbol", "X"),
    ("publish", "ohlcv", "{folder}", "--symbol", "X"),
    ("publish", "l2", "{nowhere}", "--symbol", "X"),
]


@pytest.fixture
def places(tmp_path: Path) -> dict[str, str]:
    """What stands for each name in braces. Root may write anywhere: a file in the way stops it, too."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("")
    return {
        "folder": str(tmp_path / "folder"),
        "file": str(tmp_path / "file"),
        "unwritable": str(tmp_path / "file" / "below"),
        "nowhere": str(tmp_path / "nowhere"),
    }


@pytest.mark.parametrize("arguments", BAD, ids=" ".join)
def test_bad_values_get_a_sentence_and_an_exit_code(
    tickhouse: Run, places: dict[str, str], tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        taken = somebody.getsockname()[1]
        typed = [argument.format(**places, taken=taken) for argument in arguments]
        here = {
            "TICKHOUSE_HOME": str(tmp_path / "home"),
            "KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{ports.free_port()}",
        }
        done = tickhouse(*typed, **here)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exc_info
    assert done.exit_code in (1, WRONG_USAGE)
    assert "Traceback" not in done.output
    assert len(done.output.split()) > 3, done.output


def test_a_reader_that_has_enough_is_no_error(tmp_path: Path) -> None:
    duckdb.connect(tmp_path / "warehouse.duckdb").close()
    program = str(Path(sys.executable).parent / "tickhouse")
    with subprocess.Popen(
        [program, "sql", "from range(200000)", "--format", "csv"],
        env={**os.environ, "TICKHOUSE_HOME": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as asked:
        assert asked.stdout is not None
        assert asked.stderr is not None
        assert asked.stdout.readline() == "range\n"
        asked.stdout.close()
        assert asked.stderr.read() == ""
