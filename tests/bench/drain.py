"""Kafka ─▶ committed raw rows: our drain against bare consume with either client, dlt, and Spark.

One topic of ~200-byte messages with four headers in two partitions, on the embedded broker; every
subject in a process of its own, in turn. Times run from connecting, after the imports, to the last commit.
"""

import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from ingest.core.settings import Settings
from tests.bench.drain_subjects import TOPIC
from tests.bench.figures import Bench, Figure, Findings, Target, ratio
from tests.bench.measure import Measured, Runs, SubjectFailed, interleaved, run_subject
from tests.bench.peers.environment import (
    DLT,
    SPARK,
    peer_python,
    require_java_for_spark,
    spark_jars,
)
from tests.bench.topic import full_topic

PEERS = Path(__file__).parent / "peers"
FLAT_MB = 500


def run(bench: Bench) -> Findings:
    count, of_them, rounds = (1_000_000, 50_000, 3) if bench.is_full else (50_000, 10_000, 1)
    with full_topic(bench, TOPIC, count) as settings:
        subjects = _Subjects(bench, settings, of_them)
        runs = interleaved(
            rounds,
            {
                "bare kafka-python": lambda: subjects.ours("bare", "kafka-python"),
                "bare confluent": lambda: subjects.ours("bare", "confluent"),
                "drain": lambda: subjects.ours("drain", "kafka-python"),
                "dlt": subjects.dlt,
                "spark": subjects.spark,
            },
        )
    found = Findings(raw={"messages": count, "dlt_messages": of_them})
    found.raw |= {name: asdict(each) for name, each in runs.items()}
    found.figures = list(_figures(runs))
    return found


class _Subjects:
    """Each way to read the topic, as a subject that can be run again and again."""

    def __init__(self, bench: Bench, settings: Settings, dlt_messages: int) -> None:
        self._bench = bench
        self._bootstrap = settings.bootstrap_servers
        self._dlt_messages = dlt_messages
        self._folder = bench.home / "scratch"

    def ours(self, subject: str, client: str) -> Measured:
        environment = {
            "TICKHOUSE_HOME": str(self._folder),
            "KAFKA_BOOTSTRAP_SERVERS": self._bootstrap,
            "KAFKA_CLIENT": client,
        }
        command = [sys.executable, "-m", "tests.bench.drain_subjects", subject]
        return self._told(f"{subject} {client}", lambda: run_subject(command, environment))

    def dlt(self) -> Measured:
        python = peer_python(self._bench, "dlt", DLT)
        arguments = [self._bootstrap, TOPIC.name, str(self._dlt_messages), str(self._folder)]
        return self._told("dlt", lambda: run_subject([python, str(PEERS / "dlt_pipeline.py"), *arguments]))

    def spark(self) -> Measured:
        require_java_for_spark()
        python = peer_python(self._bench, "spark", SPARK)
        arguments = [self._bootstrap, TOPIC.name, ",".join(spark_jars()), str(self._folder)]
        return self._told("spark", lambda: run_subject([python, str(PEERS / "spark_stream.py"), *arguments]))

    def _told(self, name: str, measure: Callable[[], Measured]) -> Measured:
        shutil.rmtree(self._folder, ignore_errors=True)
        try:
            measured = measure()
        except SubjectFailed as error:
            self._bench.say(f"{name}: {error}")
            raise
        self._bench.say(f"{name}: {rate(measured):,.0f}/s, {measured.peak_mb:.0f} MB")
        return measured


def rate(measured: Measured) -> float:
    return measured.said["messages"] / measured.said["seconds"]


def _cold_rate(measured: Measured) -> float:
    return measured.said["messages"] / measured.said["cold_seconds"]


def _figures(runs: dict[str, Runs]) -> list[Figure]:
    bare, fast_bare, drain = runs["bare kafka-python"], runs["bare confluent"], runs["drain"]
    dlt, spark = runs["dlt"], runs["spark"]
    ours = drain.median(rate)
    return [
        _rate("bare consume, kafka-python", bare),
        _rate("bare consume, confluent-kafka", fast_bare),
        _against("our drain", ours, bare, "bare consume, kafka-python", 0.85),
        _against("our drain", ours, fast_bare, "bare consume, confluent-kafka", 0.5),
        _memory("our drain", drain),
        _rate("dlt to DuckDB", dlt),
        _against("our drain", ours, dlt, "dlt", 40),
        _rate("Spark `local[2]` to Parquet, warm", spark),
        Figure("Spark `local[2]` to Parquet, cold", spark.median(_cold_rate), "msgs/s", note=spark.failure),
        _against("our drain", ours, spark, "Spark, warm", 1.5),
    ]


def _rate(what: str, runs: Runs) -> Figure:
    return Figure(what, runs.median(rate), "msgs/s", note=runs.failure)


def _against(what: str, value: float | None, peer: Runs, name: str, bound: float) -> Figure:
    compared = ratio(value, peer.median(rate))
    return Figure(what, value, "msgs/s", compared, name, Target(">=", bound, of="ratio"), peer.failure)


def _memory(what: str, runs: Runs) -> Figure:
    peak, later = runs.median(lambda run: run.peak_mb), runs.median(lambda run: run.later_peak_mb)
    note = runs.failure or f"the second half's peak: {later:.0f} MB"
    return Figure(f"{what}: peak memory", peak, "MB", target=Target("<=", FLAT_MB), note=note)
