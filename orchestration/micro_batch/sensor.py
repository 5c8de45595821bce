"""The sensor that keeps exactly one micro-batch run alive while Kafka has something to land.

    a live run?  ─ yes ─▶ near its end? ─ yes ─▶ start its successor
         └─ no ─▶ backlog (end offsets against landed positions)? ─ yes ─▶ start a run

It compares offsets only: it holds no data, commits nothing, and trusts the warehouse for positions. Where
each question to the warehouse costs (Snowflake) it trusts what the last run reported as committed, unless
that run did not end well (orchestration/micro_batch/reported_positions.py). No run key: Dagster launches a
key once even if that run failed, and a quiet topic would stay undrained.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass

import dagster as dg

from ingest.core.beats import beats
from ingest.core.errors import BrokerUnavailable, WarehouseBusy
from ingest.core.settings import load_settings
from ingest.core.topics import TOPICS
from ingest.drain.lag import lag
from ingest.kafka.open import open_log
from ingest.operations.runs import is_alive
from ingest.warehouse.engine import capabilities_of
from ingest.warehouse.open import open_warehouse
from ingest.warehouse.protocol import TopicPositions
from orchestration.micro_batch.job import configured, micro_batch_job, turns
from orchestration.micro_batch.reported_positions import Committed, known, last_ended

UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]
# A successor needs this long to be warm.
LEAD_SECONDS = 25.0
BUSY_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class LiveRun:
    """A run of the micro-batch job whose process lives or is starting."""

    run_id: str
    age_seconds: float


def live_runs(instance: dg.DagsterInstance) -> list[LiveRun]:
    """The living; a run whose process is gone though its record says otherwise is marked as failed."""
    now = time.time()
    settings = load_settings()
    live = []
    filters = dg.RunsFilter(job_name=micro_batch_job.name, statuses=UNFINISHED)
    for record in instance.get_run_records(filters):
        run = record.dagster_run
        if is_alive(settings, run.run_id, record.create_timestamp.timestamp()):
            live.append(LiveRun(run.run_id, now - (record.start_time or now)))
        else:
            instance.report_run_failed(run, "Its process is gone (killed, or the machine stopped).")
    return live


def backlog() -> dict[str, int]:
    """Messages per topic that have not landed, as the warehouse knows it."""
    with open_warehouse(load_settings(), wait_seconds=BUSY_SECONDS) as warehouse:
        return behind(warehouse.positions())


def behind(positions: Mapping[str, TopicPositions]) -> dict[str, int]:
    """Messages per topic that Kafka has beyond these positions."""
    log = open_log(load_settings())
    try:
        states = log.states(topic.name for topic in TOPICS)
    finally:
        log.close()
    found = {
        name: lag(state, positions.get(name, TopicPositions.none(name))) for name, state in states.items()
    }
    return {name: count for name, count in found.items() if count}


@dg.sensor(
    job=micro_batch_job,
    name="kafka_backlog",
    minimum_interval_seconds=2,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Keeps one micro-batch run alive while Kafka has something to land.",
)
def kafka_backlog(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    live = live_runs(context.instance)
    if live:
        return _relieve(live)
    # Only Kafka is asked where a question to the warehouse costs.
    is_metered = capabilities_of(load_settings()).is_metered
    try:
        return _without_asking(context) if is_metered else _answer(backlog())
    except (BrokerUnavailable, WarehouseBusy) as error:
        return dg.SkipReason(f"{error}")


def _answer(found: Mapping[str, int]) -> dg.RunRequest | dg.SkipReason:
    if not found:
        return dg.SkipReason("Caught up: nothing in Kafka that has not landed.")
    why = ", ".join(f"{count} in {name}" for name, count in found.items())
    return _request(f"backlog: {why}")


def _without_asking(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """From the records of runs, Kafka's end offsets and the cursor."""
    last = last_ended(context.instance, micro_batch_job.name)
    settings = load_settings()
    beat = beats(settings, capabilities_of(settings).beats).turn
    if last is not None and 0 <= time.time() - _began(last) < beat:
        return dg.SkipReason(f"The last run began less than {beat:g} s ago.")
    text = known(last, context.cursor)
    context.update_cursor(text or "")
    committed = Committed.from_text(text) if text else Committed({})
    if committed.due_at is not None and time.time() >= committed.due_at:
        return _request("models of a slower cadence are due")
    return _answer(behind(committed.positions))


def _began(record: dg.RunRecord) -> float:
    return record.start_time or record.create_timestamp.timestamp()


def _relieve(live: list[LiveRun]) -> dg.RunRequest | dg.SkipReason:
    max_seconds = load_settings().micro_batch_max_seconds
    lead = min(LEAD_SECONDS, max_seconds / 2)
    if len(live) == 1 and max_seconds and live[0].age_seconds > max_seconds - lead:
        return _request(f"relief of {live[0].run_id[:8]}")
    return dg.SkipReason(f"A run is at it: {', '.join(run.run_id[:8] for run in live)}.")


def _request(why: str) -> dg.RunRequest:
    return dg.RunRequest(
        run_config=dg.RunConfig(ops={turns.name: configured()}), tags={"tickhouse/started_for": why}
    )


def defs() -> dg.Definitions:
    return dg.Definitions(jobs=[micro_batch_job], sensors=[kafka_backlog])
