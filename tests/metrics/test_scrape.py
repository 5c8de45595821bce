"""A real Prometheus scrapes `tickhouse metrics`, over a real broker and warehouse."""

import os
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ingest.operations.child import programs
from ingest.services import ports
from ingest.warehouse.duckdb.file import DuckDbFile
from tests.e2e.live_stack import awaited
from tests.metrics.prometheus import promtool, running_prometheus
from tests.support.broker import OwnBroker

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


class Instance:
    """A Tickhouse in a home of its own: what it runs, as a user would."""

    def __init__(self, home: Path, broker: OwnBroker) -> None:
        self.home = home
        self.port = ports.free_port()
        ours = {"TICKHOUSE_HOME": str(home), "KAFKA_BOOTSTRAP_SERVERS": broker.bootstrap}
        self.environment = {**os.environ, **ours}

    def run(self, *arguments: str) -> None:
        tickhouse = str(programs() / "tickhouse")
        subprocess.run([tickhouse, *arguments], env=self.environment, check=True, capture_output=True)

    def publish(self, count: int) -> None:
        self.run("publish", "simulated", "--messages", str(count), "--rate", "max")

    @contextmanager
    def exporter(self) -> Iterator[None]:
        command = [str(programs() / "tickhouse"), "metrics", "--port", str(self.port)]
        process = subprocess.Popen(command, env=self.environment)
        try:
            awaited("the exporter", lambda: ports.answers(self.port))
            yield
        finally:
            process.terminate()
            process.wait(30)

    def page(self) -> str:
        with urllib.request.urlopen(f"http://{ports.LOOPBACK}:{self.port}/metrics", timeout=30) as answer:
            return answer.read().decode()

    def value(self, series: str) -> float:
        lines = dict(line.rsplit(" ", 1) for line in self.page().splitlines() if not line.startswith("#"))
        return float(lines[series])


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    broker = OwnBroker(tmp_path_factory.mktemp("broker"))
    broker.start()
    try:
        running = Instance(tmp_path_factory.mktemp("home"), broker)
        running.publish(500)
        running.run("drain")
        with running.exporter():
            yield running
    finally:
        broker.stop()


def test_prometheus_sees_what_lands(instance: Instance, tmp_path: Path) -> None:
    with running_prometheus(f"{ports.LOOPBACK}:{instance.port}", tmp_path / "prometheus") as ask:
        awaited("landed", lambda: sum(ask("tickhouse_topic_landed_offset").values()) == 500)
        assert set(ask("tickhouse_topic_lag_messages").values()) == {0}
        instance.publish(300)
        awaited("lag", lambda: sum(ask("tickhouse_topic_lag_messages").values()) == 300)
        instance.run("drain")
        counted = "tickhouse_landing_latency_seconds_count"
        awaited("landings counted", lambda: sum(ask(counted).values()) == 300)
        assert sum(ask("tickhouse_landing_latency_seconds_sum").values()) > 0
        now = ask("time() - tickhouse_topic_newest_message_timestamp_seconds")
        assert all(0 <= age < 120 for age in now.values()), now
        assert ask("ALERTS{alertname='TickhouseExporterDown'}") == {}


def test_the_page_is_as_prometheus_wants_it(instance: Instance) -> None:
    done = subprocess.run(
        [promtool(), "check", "metrics"], input=instance.page(), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_while_the_file_is_busy_the_last_values_are_shown_with_their_age(instance: Instance) -> None:
    landed = 'tickhouse_topic_landed_offset{topic="binance.trades"}'
    before = instance.value(landed)
    with DuckDbFile(instance.home / "warehouse.duckdb").writing(wait_seconds=30) as connection:
        connection.execute("update ops.positions set next_offset = next_offset - 1 where next_offset > 0")
        awaited("old values", lambda: instance.value("tickhouse_reading_age_seconds") > 3)
        assert instance.value(landed) == before > 0
    awaited("new values", lambda: instance.value("tickhouse_reading_age_seconds") < 2)
    assert 0 < instance.value(landed) < before


def test_a_page_of_another_site_gets_nothing(instance: Instance) -> None:
    asked = urllib.request.Request(
        f"http://{ports.LOOPBACK}:{instance.port}/metrics", headers={"Host": "evil.example"}
    )
    with pytest.raises(urllib.error.HTTPError, match="400"):
        urllib.request.urlopen(asked, timeout=30)
