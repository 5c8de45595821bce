"""Sources into Kafka, acknowledged: the live WebSocket feed and a CSV file, against nothing but publishing
messages with the same client, and against cryptofeed's own way from Binance's WebSocket to Kafka.

An exchange on loopback sends trades of 200 bytes as fast as they are taken; every subject has a process of
its own on a machine of two cores, which the exchange and the broker share with it.
"""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from ingest.core.settings import Settings
from ingest.kafka.topic_admin import ensure_topics
from ingest.services import broker, ports
from tests.bench.drain import rate
from tests.bench.figures import Bench, Figure, Findings, Target, ratio
from tests.bench.measure import Measured, Runs, interleaved, run_subject
from tests.bench.peers.environment import CRYPTOFEED, peer_python

PEER = Path(__file__).parent / "peers" / "cryptofeed_kafka.py"
TOPIC = "binance.agg_trades"
MINUTE_MS = 60_000
FLAT_MB = 250


def run(bench: Bench) -> Findings:
    count, rows, of_them = (300_000, 300_000, 10_000) if bench.is_full else (20_000, 20_000, 1_000)
    with _broker(bench) as settings:
        subjects = _Subjects(bench, settings, count, rows, of_them)
        runs = interleaved(
            3 if bench.is_full else 1,
            {
                f"{subject} {client}": subjects.ours(subject, client)
                for client in ("kafka-python", "confluent")
                for subject in ("publish", "socket", "csv")
            }
            | {"cryptofeed": subjects.cryptofeed},
        )
    found = Findings(raw={name: asdict(each) for name, each in runs.items()})
    found.figures = list(_figures(runs))
    return found


@contextmanager
def _broker(bench: Bench) -> Iterator[Settings]:
    home = bench.home / "feeds_broker"
    shutil.rmtree(home, ignore_errors=True)
    settings = Settings(
        tickhouse_home=home, kafka_bootstrap_servers=None, embedded_kafka_port=ports.free_port()
    )
    broker.start(settings)
    try:
        ensure_topics(settings)
        yield settings
    finally:
        broker.stop(settings)


class _Subjects:
    """Each way into Kafka, as a subject that can be run again and again."""

    def __init__(self, bench: Bench, settings: Settings, count: int, rows: int, of_them: int) -> None:
        self._bench = bench
        self._bootstrap = settings.bootstrap_servers
        self._count, self._rows, self._of_them = count, rows, of_them

    def ours(self, subject: str, client: str) -> Callable[[], Measured]:
        def measure() -> Measured:
            if subject == "socket":
                with flood(self._count) as url:
                    return self._run(subject, client, url, self._count)
            if subject == "csv":
                return self._run(subject, client, str(bars(self._bench, self._rows)), self._rows)
            return self._run(subject, client, "-", self._count)

        return measure

    def cryptofeed(self) -> Measured:
        python = peer_python(self._bench, "cryptofeed", CRYPTOFEED)
        with flood(self._of_them * 2) as url:
            arguments = [url, self._bootstrap, TOPIC, str(self._of_them)]
            return self._told("cryptofeed", run_subject([python, str(PEER), *arguments]))

    def _run(self, subject: str, client: str, what: str, count: int) -> Measured:
        environment = {"KAFKA_BOOTSTRAP_SERVERS": self._bootstrap, "KAFKA_CLIENT": client}
        command = [sys.executable, "-m", "tests.bench.feed_subjects", subject, what, str(count)]
        return self._told(f"{subject} {client}", run_subject(command, environment))

    def _told(self, name: str, measured: Measured) -> Measured:
        self._bench.say(f"{name}: {rate(measured):,.0f}/s, {measured.peak_mb:.0f} MB")
        return measured


@contextmanager
def flood(count: int) -> Iterator[str]:
    """Where the exchange listens that sends so many trades."""
    command = [sys.executable, "-m", "tests.bench.flood", str(count)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as exchange:
        assert exchange.stdout is not None
        try:
            yield f"ws://127.0.0.1:{exchange.stdout.readline().strip()}"
        finally:
            exchange.kill()


def bars(bench: Bench, rows: int) -> Path:
    """A file of one-minute bars as Kaggle has them, kept for the next time."""
    path = bench.home / f"bars_{rows}.csv"
    if not path.exists():
        bench.home.mkdir(parents=True, exist_ok=True)
        with path.open("w") as file:
            file.write("Timestamp,Open,High,Low,Close,Volume\n")
            for minute in range(rows):
                price = 60_000 + minute % 997
                file.write(
                    f"{1_325_412_060 + minute * 60}.0,{price}.5,{price + 9}.25,{price - 9},{price}.75,0.456\n"
                )
    return path


def _figures(runs: dict[str, Runs]) -> Iterator[Figure]:
    peer = runs["cryptofeed"]
    for client, of_socket, of_csv in (("kafka-python", 30_000, None), ("confluent", 150_000, 100_000)):
        bare, socket, csv = (runs[f"{subject} {client}"] for subject in ("publish", "socket", "csv"))
        yield Figure(f"publishing alone, {client}", bare.median(rate), "msgs/s", note=bare.failure)
        yield _beside(f"WebSocket to Kafka, {client}", socket, bare, "publishing alone", of_socket)
        yield _beside(f"WebSocket to Kafka, {client}", socket, peer, "cryptofeed", None)
        yield _beside(f"CSV file to Kafka, {client}", csv, bare, "publishing alone", of_csv)
        peak, later = csv.median(lambda run: run.peak_mb), csv.median(lambda run: run.later_peak_mb)
        note = csv.failure or f"the second half's peak: {later:.0f} MB"
        name = f"CSV file to Kafka, {client}: peak memory"
        yield Figure(name, peak, "MB", target=Target("<=", FLAT_MB), note=note)
    yield Figure("cryptofeed, WebSocket to Kafka", peer.median(rate), "msgs/s", note=peer.failure)


def _beside(what: str, runs: Runs, other: Runs, name: str, bound: float | None) -> Figure:
    value = runs.median(rate)
    target = None if bound is None else Target(">=", bound)
    return Figure(what, value, "msgs/s", ratio(value, other.median(rate)), name, target, runs.failure)
