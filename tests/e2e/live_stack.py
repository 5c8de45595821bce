"""A whole Tickhouse as a user runs it: `tickhouse up` in a home of its own, asked through GraphQL."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import psutil

from ingest.services import ports
from ingest.warehouse.duckdb.file import DuckDbFile

PATIENCE_SECONDS = 240
Found = TypeVar("Found")


def awaited(what: str, look: Callable[[], Found | None], seconds: float = PATIENCE_SECONDS) -> Found:
    """What `look` finds, as soon as it finds something."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.2)
    raise AssertionError(f"{what}: not within {seconds} s")


@dataclass
class LiveStack:
    """A running `tickhouse up`."""

    home: Path
    port: int
    process: subprocess.Popen[str]

    @property
    def url(self) -> str:
        return f"http://{ports.LOOPBACK}:{self.port}"

    def said(self) -> str:
        return (self.home / "up.log").read_text()

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/server_info", timeout=5):
                return True
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            return False

    def ask(self, query: str) -> dict[str, Any]:
        """A GraphQL question to the UI's server."""
        request = urllib.request.Request(
            f"{self.url}/graphql",
            data=json.dumps({"query": query}).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            found = json.load(answer)
        assert "errors" not in found, found["errors"]
        return found["data"]

    def runs(self) -> list[dict[str, Any]]:
        query = """{runsOrError(filter:{pipelineName:"micro_batch"}){
            ... on Runs{results{runId status tags{key value}}}}}"""
        return self.ask(query)["runsOrError"]["results"]

    def assets(self) -> dict[str, dict[str, Any]]:
        """Each asset by key: when it was materialised, and how its checks stand."""
        query = """{assetNodes{assetKey{path} isMaterializable assetMaterializations(limit:1){timestamp}
            assetChecksOrError{... on AssetChecks{checks{name
            executionForLatestMaterialization{status evaluation{success severity description}}}}}}}"""
        return {"/".join(node["assetKey"]["path"]): node for node in self.ask(query)["assetNodes"]}

    def latest_metadata(self, asset: str) -> set[str]:
        """What the latest materialisation of an asset tells, by name."""
        key = json.dumps(asset.split("/"))
        query = f"""{{assetNodeOrError(assetKey:{{path:{key}}}){{... on AssetNode{{
            assetMaterializations(limit:1){{metadataEntries{{label}}}}}}}}}}"""
        events = self.ask(query)["assetNodeOrError"]["assetMaterializations"]
        return {entry["label"] for event in events for entry in event["metadataEntries"]}

    def stop(self) -> int:
        """Ctrl-C; the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)


def one(home: Path, sql: str) -> Any:
    with DuckDbFile(home / "warehouse.duckdb").reading(wait_seconds=60) as connection:
        row = connection.execute(sql).fetchone()
    assert row is not None
    return row[0]


def processes_of(home: Path) -> list[psutil.Process]:
    """Every process with this home in its environment or arguments."""
    found = []
    for process in psutil.process_iter():
        try:
            is_its = process.environ().get("TICKHOUSE_HOME") == str(home)
            if process.pid != os.getpid() and (is_its or str(home) in " ".join(process.cmdline())):
                found.append(process)
        except (psutil.AccessDenied, psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
    return found


@contextmanager
def live_stack(home: Path, *, broker_port: int, rate: str = "100", **environment: str) -> Iterator[LiveStack]:
    """Started, and up as far as its first rows in a mart."""
    home.mkdir(parents=True, exist_ok=True)
    port = ports.free_port()
    program = str(Path(sys.executable).parent / "tickhouse")
    ours = {"TICKHOUSE_HOME": str(home), "EMBEDDED_KAFKA_PORT": str(broker_port), "NO_COLOR": "1"}
    with (home / "up.log").open("w") as log:
        process = subprocess.Popen(
            [program, "up", "--port", str(port), "--rate", rate],
            env={**os.environ, **ours, **environment},
            stdout=log,
            stderr=subprocess.STDOUT,
            text=True,
        )
    stack = LiveStack(home, port, process)
    try:
        awaited("first marts", lambda: "first marts hold rows" in stack.said() or process.poll() is not None)
        assert process.poll() is None, stack.said()
        yield stack
    finally:
        if process.poll() is None:
            stack.stop()
