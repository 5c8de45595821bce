"""The connector in Kafka Connect, by its REST: there, and does its task work?"""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ingest.core.errors import ServiceFailed
from ingest.services.kafka_connect_config import NAME

LOOK_SECONDS = 0.1
PATIENCE_SECONDS = 120
NOT_FOUND, CONFLICT, BROKEN = 404, 409, 500
"""While its one worker is still joining, Connect answers with a conflict, or not in its own time."""


@dataclass(frozen=True, slots=True)
class TaskState:
    """What Connect says of the connector and its only task."""

    state: str
    """RUNNING, FAILED, UNASSIGNED, …; MISSING: there is no such connector; AWAY: no Connect."""
    reason: str = ""


def ensure(url: str, config: Mapping[str, str]) -> None:
    """Make the connector, or change it to this, and wait until its task runs."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    is_made = False
    while (found := state(url)).state != "RUNNING" or not is_made:
        if is_made and found.state == "FAILED":
            raise ServiceFailed(f"Debezium failed. {found.reason}")
        if time.monotonic() > deadline:
            raise ServiceFailed(f"Debezium does not run after {PATIENCE_SECONDS} s: {found.state}.")
        with suppress(TimeoutError):
            is_made = is_made or _asked("PUT", f"{url}/connectors/{NAME}/config", config) is not None
        time.sleep(LOOK_SECONDS)


def state(url: str) -> TaskState:
    """Of the task, or of the connector if that is what is wrong."""
    try:
        found = _asked("GET", f"{url}/connectors/{NAME}/status")
    except OSError as error:
        return TaskState("AWAY", str(error))
    if found is None:
        return TaskState("MISSING")
    parts = [found["connector"], *found["tasks"]]
    worst = next((part for part in parts if part["state"] == "FAILED"), parts[-1])
    if len(parts) == 1 and worst["state"] == "RUNNING":
        return TaskState("UNASSIGNED")
    return TaskState(worst["state"], _first_cause(worst.get("trace", "")))


def restart_failed(url: str) -> None:
    """Let Connect try again what has failed."""
    _asked("POST", f"{url}/connectors/{NAME}/restart?includeTasks=true&onlyFailed=true", {})


def _first_cause(trace: str) -> str:
    """The last `Caused by` of a Java trace is where it began."""
    lines = [line for line in trace.splitlines() if line and not line.startswith(("\t", "..."))]
    return lines[-1].removeprefix("Caused by: ") if lines else ""


def _asked(method: str, url: str, body: Mapping[str, str] | None = None) -> Any:
    """None: there is no such thing, or not yet."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return json.loads(answer.read() or b"{}")
    except urllib.error.HTTPError as error:
        with error:
            if error.code in (NOT_FOUND, CONFLICT) or error.code >= BROKEN:
                return None
            told = error.read().decode(errors="replace")
        raise ServiceFailed(f"Kafka Connect refuses the connector: {told}") from error
