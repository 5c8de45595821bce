"""What a newcomer does, on one running stack: `tickhouse up`, look, kill things, stop, go on.

What is seen: marts fill by themselves, the UI is green and true, a killed run is replaced, runs hand over,
Ctrl-C leaves nothing running, and the second start goes on where the first ended.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import psutil
import pytest

from ingest.core.topics import BY_NAME
from ingest.feeds.simulated.exchange import DEFAULT_TOPICS
from ingest.services import ports
from orchestration.keys import EQUALS_REBUILD
from tests.e2e.live_stack import LiveStack, awaited, one, processes_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

MAIN_PATH = [f"raw/{BY_NAME[name].raw_table}" for name in set(DEFAULT_TOPICS.values())]
MAIN_PATH += ["marts/fct_trades", "marts/fct_candles_1m"]


def not_green(stack: LiveStack) -> list[str]:
    """Assets of the main path without a materialisation, and checks that did not pass."""
    found = []
    for key, asset in stack.assets().items():
        if key in MAIN_PATH and not asset["assetMaterializations"]:
            found.append(f"{key} is not materialised")
        for check in asset["assetChecksOrError"].get("checks", []):
            ran = check["executionForLatestMaterialization"]
            if ran is not None and ran["status"] != "SUCCEEDED":
                found.append(f"{key}: {check['name']} {ran}")
            if ran is None and key in MAIN_PATH and check["name"] != EQUALS_REBUILD:
                found.append(f"{key}: {check['name']} has not run")
    return found


def test_everything_turns_green_by_itself(stack: LiveStack) -> None:
    awaited("green assets and checks", lambda: not not_green(stack))


def test_a_killed_run_is_replaced_and_nothing_is_doubled(stack: LiveStack, home: Path) -> None:
    run_id = awaited(
        "a run", lambda: next((r["runId"] for r in stack.runs() if r["status"] == "STARTED"), None)
    )
    os.kill(run_process(stack, run_id), signal.SIGKILL)
    landed = one(home, "select max(batch_id) from ops.batches")
    awaited(
        "the next run", lambda: any(r["runId"] != run_id and r["status"] == "STARTED" for r in stack.runs())
    )
    awaited("new rows", lambda: one(home, "select max(batch_id) from ops.batches") > landed)
    assert statuses(stack)[run_id] == "FAILURE"
    twice = """select count(*) - count(distinct (topic_life, kafka_partition, kafka_offset))
               from raw.binance_trades"""
    assert one(home, twice) == 0


def test_runs_hand_over(stack: LiveStack) -> None:
    def relieved() -> bool:
        ended = [r for r in stack.runs() if r["status"] == "SUCCESS"]
        successors = [r for r in stack.runs() if any("relief of" in tag["value"] for tag in r["tags"])]
        return bool(ended and successors)

    awaited("a hand-over", relieved)


def test_a_schedule_fires(stack: LiveStack, home: Path) -> None:
    def statuses_of_snapshots() -> set[str]:
        query = '{runsOrError(filter:{pipelineName:"snapshot"}){... on Runs{results{status}}}}'
        return {run["status"] for run in stack.ask(query)["runsOrError"]["results"]}

    awaited("a scheduled snapshot", lambda: "SUCCESS" in statuses_of_snapshots())
    with duckdb.connect(home / "snapshots" / "tickhouse.duckdb", read_only=True) as snapshot:
        row = snapshot.execute("select count(*) from marts.fct_trades").fetchone()
    assert row is not None
    assert row[0] > 0


def test_a_second_up_is_told_where_the_first_is(stack: LiveStack, home: Path) -> None:
    for words in (["up"], ["up", "--detach"]):
        refused = tickhouse(home, *words)
        assert refused.returncode == 1
        assert stack.url in refused.stderr
    assert tickhouse(home, "broker", "status").returncode == 0
    assert stack.answers()


def test_ctrl_c_leaves_nothing_and_a_second_start_goes_on_in_the_background(
    stack: LiveStack, home: Path, broker_port: int
) -> None:
    assert stack.stop() == 0, stack.said()
    awaited("nothing left running", lambda: not processes_of(home), seconds=30)
    rows = one(home, "select count(*) from raw.binance_trades")
    port = ports.free_port()
    try:
        started = tickhouse(home, "up", "-d", "--port", str(port), EMBEDDED_KAFKA_PORT=str(broker_port))
        assert started.returncode == 0, started.stderr
        assert f"http://127.0.0.1:{port}" in started.stdout
        awaited("more rows", lambda: one(home, "select count(*) from raw.binance_trades") > rows)
        assert one(home, "select max(topic_life) from ops.topic_lives") == 1
        assert "The Dagster UI" in tickhouse(home, "logs", "console").stdout
    finally:
        assert tickhouse(home, "down").returncode == 0
    awaited("nothing left running", lambda: not processes_of(home), seconds=5)
    assert "Nothing is up" in tickhouse(home, "down").stdout


def tickhouse(home: Path, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [str(Path(sys.executable).parent / "tickhouse"), *words],
        env={**os.environ, "TICKHOUSE_HOME": str(home), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def statuses(stack: LiveStack) -> dict[str, str]:
    return {run["runId"]: run["status"] for run in stack.runs()}


def run_process(stack: LiveStack, run_id: str) -> int:
    """The process that holds the run's sign of life."""
    sign = stack.home / "runs" / run_id

    def holder() -> int | None:
        for process in processes_of(stack.home):
            try:
                if any(file.path == str(sign) for file in process.open_files()):
                    return process.pid
            except (psutil.AccessDenied, psutil.NoSuchProcess):
                continue
        return None

    return awaited("the run's process", holder)
