"""After `make install`, the tools' own commands work: no flags, no exports, in a checkout like any other.

The tests use a copy of the checkout, so that they find and leave nothing in the developer's own.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ingest.core.settings import PROJECT_ROOT, Settings
from tests.e2e.live_stack import LiveStack, awaited

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

PROGRAMS = Path(sys.executable).parent
INIT = "from ingest.operations.home import prepare_home, write_env; "
INIT += "from ingest.core.settings import load_settings as s; prepare_home(s()); write_env(s())"
TICKS = '{sensorOrError(sensorSelector:{repositoryName:"__repository__",repositoryLocationName:"tickhouse",'
TICKS += 'sensorName:"kafka_backlog"}){... on Sensor{sensorState{status ticks(limit:3){status skipReason}}}}}'
# Off until somebody turns them on: the exchange may be out of reach.
ASK_AN_EXCHANGE = {"poll_binance_schedule", "poll_binance_candles_schedule", "fill_gaps_schedule"}
SCHEDULES = '{schedulesOrError(repositorySelector:{repositoryName:"__repository__",'
SCHEDULES += 'repositoryLocationName:"tickhouse"}){... on Schedules{results{name scheduleState{status}}}}}'


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `make install` leaves: the files that git knows, `.env` and the home that it names."""
    copy = tmp_path_factory.mktemp("checkout") / "tickhouse"
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT_ROOT, capture_output=True, check=True)
    for name in filter(None, tracked.stdout.decode().split("\0")):
        if (PROJECT_ROOT / name).exists():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(PROJECT_ROOT / name, copy / name)
    (copy / ".env").write_text("TICKHOUSE_HOME=market\n")
    subprocess.run([sys.executable, "-c", INIT], cwd=copy, env=plain_environment(copy), check=True)
    return copy


def plain_environment(checkout: Path) -> dict[str, str]:
    """A shell's, with the environment activated and none of our settings; the copy's code comes first."""
    ours = {name.upper() for name in Settings.model_fields} | {"DAGSTER_HOME"}
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    return {**kept, "PATH": f"{PROGRAMS}{os.pathsep}{kept['PATH']}", "PYTHONPATH": str(checkout)}


def test_plain_dagster_dev(checkout: Path) -> None:
    log = checkout / "dev.log"
    with log.open("w") as said:
        process = subprocess.Popen(
            ["dagster", "dev"],
            cwd=checkout,
            env=plain_environment(checkout),
            stdout=said,
            stderr=said,
            text=True,
            start_new_session=True,
        )
    try:
        serving = re.compile(r"Serving dagster-webserver on http://127\.0\.0\.1:(\d+)")
        port = int(awaited("the UI", lambda: serving.search(log.read_text()))[1])
        ui = LiveStack(checkout / "market", port, process)
        awaited("an answer of the UI", ui.answers)

        def reasons() -> list[str]:
            state = ui.ask(TICKS)["sensorOrError"]["sensorState"]
            assert state["status"] == "RUNNING"
            return [tick["skipReason"] for tick in state["ticks"] if tick["skipReason"]]

        assert "tickhouse up" in awaited("a tick of the sensor", reasons)[0]
        schedules = ui.ask(SCHEDULES)["schedulesOrError"]["results"]
        running = {each["name"]: each["scheduleState"]["status"] == "RUNNING" for each in schedules}
        assert {name for name, is_on in running.items() if not is_on} == ASK_AN_EXCHANGE
        assert any(running.values())
        assert "marts/fct_candles_1m" in ui.assets()
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(60)
    assert any((checkout / "market" / "dagster").rglob("*.db")), "its history is not kept"


@pytest.mark.parametrize("command", [["build"], ["docs", "generate"]], ids=" ".join)
def test_plain_dbt(checkout: Path, command: list[str]) -> None:
    done = subprocess.run(
        ["dbt", *command],
        cwd=checkout / "dbt_project",
        env=plain_environment(checkout),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert not list((checkout / "data").glob("*.duckdb")), "it built beside the home that .env names"
