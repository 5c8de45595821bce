"""What `/metrics` says of models, latency and rejected records is what the marts hold."""

import json
from datetime import timedelta

from ingest.metrics.families import families
from ingest.metrics.latency import read_latencies
from ingest.metrics.models import Measured, read_progress
from ingest.metrics.reading import Reading
from ingest.metrics.rejected import read_rejected
from ingest.operations.status import Status
from tests.dbt.feeds import START
from tests.dbt.log import as_record
from tests.dbt.trial import Trial

TOPIC = "binance.trades"
TRADED = {
    uid: Measured(uid.rpartition(".")[2], frozenset({TOPIC}), "minute")
    for uid in ("model.tickhouse.stg_binance__trades", "model.tickhouse.fct_feed_latency")
}


def land(trial: Trial, number: int, payload: bytes | None = None, *, took_ms: int = 40) -> None:
    at = int(START.timestamp() * 1000)
    trade = {"s": "BTCUSDT", "t": number, "p": "1", "q": "1", "T": at, "m": True}
    record = as_record(payload or json.dumps(trade).encode(), 0, number, START)
    received = (START + timedelta(milliseconds=took_ms)).replace(tzinfo=None)
    trial.land(TOPIC, [{**record, "received_at": received}])


def build(trial: Trial) -> None:
    trial.must_run("--select", "+fct_feed_latency", "+fct_rejected_records")


def test_rejected_by_reason_and_latency_in_seconds(trial: Trial) -> None:
    for number, payload in enumerate([None, None, b"not json", b"not json", b"{}"]):
        land(trial, number, payload)
    build(trial)
    rejected = {(found.topic, found.reason): found.count for found in read_rejected(trial.connection)}
    assert rejected == {(TOPIC, "malformed_json"): 2, (TOPIC, "missing_field"): 1}
    latencies = {(at.span, at.statistic): at.seconds for at in read_latencies(trial.connection)}
    assert latencies["event_to_received", "p95"] == 0.04


def test_a_model_is_behind_until_it_is_built(trial: Trial) -> None:
    land(trial, 0)
    build(trial)
    land(trial, 1)
    land(trial, 2)
    trial.must_run("--select", "stg_binance__trades")
    behind = {at.name: at.batches_behind for at in read_progress(trial.connection, TRADED)}
    assert behind == {"stg_binance__trades": 0, "fct_feed_latency": 2}


def test_the_page_names_each_of_them(trial: Trial) -> None:
    land(trial, 0)
    land(trial, 1, b"{}")
    build(trial)
    reading = Reading(
        Status([], [], "DuckDB", 1, 1),
        read_rejected(trial.connection),
        read_progress(trial.connection, TRADED),
        read_latencies(trial.connection),
        cadences={"minute": 60},
    )
    found = {metric.name: metric for metric in families(reading)}
    (rejected,) = found["tickhouse_topic_rejected_messages"].samples
    assert (rejected.labels, rejected.value) == ({"topic": TOPIC, "reason": "missing_field"}, 1)
    assert {sample.value for sample in found["tickhouse_model_cadence_seconds"].samples} == {60}
    assert len(found["tickhouse_feed_latency_seconds"].samples) == 9
