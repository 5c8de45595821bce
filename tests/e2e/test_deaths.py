"""What dies under `tickhouse up` is started again and told; the rest goes on meanwhile."""

import json
import time
import urllib.error
import urllib.request

import psutil
import pytest

from tests.e2e.live_stack import LiveStack, awaited, one, processes_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

PARTS = {
    "daemon": "dagster-daemon",
    "webserver": "tickhouse-webserver",
    "code server": "api grpc",
    "feed": "publish simulated",
    "broker": "kafka.Kafka",
}
"""What is in the command line of each."""
TICKS = '{sensorOrError(sensorSelector:{repositoryName:"__repository__",repositoryLocationName:"tickhouse",'
TICKS += 'sensorName:"kafka_backlog"}){... on Sensor{sensorState{'
TICKS += "ticks(limit:1,statuses:[SKIPPED,SUCCESS]){timestamp}}}}}"
MUTATION = "mutation{wipeAssets(assetPartitionRanges:[]){__typename}}"


def process_of(stack: LiveStack, part: str) -> psutil.Process | None:
    # A run has the code server's arguments for a moment, before it becomes itself.
    ours = [found for found in processes_of(stack.home) if PARTS[part] in " ".join(found.cmdline())]
    return min(ours, key=lambda process: process.create_time(), default=None)


def last_tick(stack: LiveStack) -> float:
    """Of those that came to an end; while the UI has no code location there is no sensor either."""
    state = stack.ask(TICKS)["sensorOrError"].get("sensorState", {"ticks": []})
    return max((tick["timestamp"] for tick in state["ticks"]), default=0.0)


@pytest.mark.parametrize("part", PARTS)
def test_a_killed_part_is_started_again(stack: LiveStack, part: str) -> None:
    killed = awaited(part, lambda: process_of(stack, part))
    said = len(stack.said())
    killed.kill()
    awaited("the word of it", lambda: f"The {part} runs again" in stack.said()[said:])
    told = stack.said()[said:]
    assert f"The {part} died" in told or f"The {part} was killed by SIGKILL" in told
    assert f"The {part} runs again" in (stack.home / "logs" / "up.log").read_text()
    back = time.time()
    landed = one(stack.home, "select max(batch_id) from ops.batches")
    awaited("an answer of the UI", stack.answers)
    awaited("the code location", lambda: "marts/fct_trades" in stack.assets())
    awaited("a tick of the sensor", lambda: last_tick(stack) > back)
    awaited("new rows", lambda: one(stack.home, "select max(batch_id) from ops.batches") > landed)
    new = process_of(stack, part)
    assert new is not None
    assert new.pid != killed.pid
    assert stack.process.poll() is None


def test_the_guard_stands_before_the_ui(stack: LiveStack) -> None:
    by_get = f"{stack.url}/graphql?query={MUTATION}"
    by_page = {"Content-Type": "application/json", "Origin": "http://evil.example"}
    attacks = {
        405: urllib.request.Request(by_get),
        403: urllib.request.Request(
            f"{stack.url}/graphql", json.dumps({"query": MUTATION}).encode(), by_page
        ),
    }
    for status, attack in attacks.items():
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(attack, timeout=10)
        assert refused.value.code == status
        refused.value.close()
