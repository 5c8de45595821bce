"""Dagster's UI over a few assets, with a history of its own."""

import json
import os
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg

from ingest.core.settings import PROJECT_ROOT
from ingest.operations.child import programs
from ingest.services import ports
from tests.e2e.live_stack import awaited
from tests.webserver.code_location import VICTIM

CODE_LOCATION = Path(__file__).with_name("code_location.py")
SETTINGS = "telemetry: {enabled: false}\nnux: {enabled: false}\n"
WIPE = "mutation{wipeAssets(assetPartitionRanges:[{assetKey:{path:[%22victim%22]}}]){__typename}}"
"""As an address has it, short enough for a cell."""


@dataclass(frozen=True)
class DagsterUi:
    """A running UI, and the history behind it."""

    home: Path
    port: int

    @property
    def url(self) -> str:
        return f"http://{ports.LOOPBACK}:{self.port}"

    @property
    def harmful(self) -> str:
        """Where the UI runs a mutation for whoever opens the address."""
        return f"{self.url}/graphql?query={WIPE}"

    @contextmanager
    def history(self) -> Iterator[dg.DagsterInstance]:
        with dg.DagsterInstance.from_config(str(self.home)) as instance:
            yield instance

    def set_up_victim(self) -> None:
        with self.history() as history:
            history.report_runless_asset_event(dg.AssetMaterialization(VICTIM))

    def is_victim_whole(self) -> bool:
        with self.history() as history:
            return history.get_latest_materialization_event(VICTIM) is not None

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/server_info", timeout=5):
                return True
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            return False

    def ask(self, query: str, **headers: str) -> dict[str, Any]:
        request = urllib.request.Request(
            f"{self.url}/graphql",
            data=json.dumps({"query": query}).encode(),
            headers={"Content-Type": "application/json", **headers},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)


@contextmanager
def dagster_ui(home: Path, command: Sequence[str], **environment: str) -> Iterator[DagsterUi]:
    """`command` is a program of ours, told of the code, the address and the port."""
    home.mkdir(parents=True, exist_ok=True)
    (home / "dagster.yaml").write_text(SETTINGS)
    ui = DagsterUi(home, ports.free_port())
    code = ["-f", str(CODE_LOCATION), "--working-directory", str(PROJECT_ROOT)]
    where = [*code, "--host", ports.LOOPBACK, "--port", str(ui.port)]
    ours = {"DAGSTER_HOME": str(home), "TICKHOUSE_HOME": str(home), "DO_NOT_TRACK": "1"}
    with (home / "ui.log").open("w") as log:
        process = subprocess.Popen(
            [str(programs() / command[0]), *command[1:], *where],
            env={**os.environ, **ours, **environment},
            cwd=home,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        awaited("the UI", lambda: ui.answers() or process.poll() is not None)
        assert process.poll() is None, (home / "ui.log").read_text()
        yield ui
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(60)
