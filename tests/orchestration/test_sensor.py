"""The sensor: (state of Kafka, warehouse, runs) ─▶ (a run is requested, or why not), one case each."""

import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import dagster as dg
import pytest

from ingest.core.settings import Settings, load_settings
from ingest.core.topics import TOPICS, Topic
from ingest.drain.drain import Drain
from ingest.kafka.open import open_log
from ingest.operations import runs
from ingest.operations.runs import forget_starting, show_alive
from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse
from orchestration.micro_batch import sensor as sensor_module
from orchestration.micro_batch.job import micro_batch_job
from orchestration.micro_batch.sensor import kafka_backlog
from tests.conftest import TopicFactory
from tests.support.other_side import OtherSide, numbered
from tests.warehouse.processes import process

STARTED, STARTING = dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING


@pytest.fixture
def home(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """What the sensor reads from its environment."""
    monkeypatch.setenv("TICKHOUSE_HOME", str(settings.tickhouse_home))
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", settings.bootstrap_servers)
    load_settings.cache_clear()
    return settings


@pytest.fixture
def topic(topic_factory: TopicFactory, monkeypatch: pytest.MonkeyPatch) -> Topic:
    """The only topic there is."""
    topic = replace(topic_factory(), raw_table=TOPICS[0].raw_table)
    monkeypatch.setattr(sensor_module, "TOPICS", (topic,))
    return topic


@pytest.fixture
def other_side(settings: Settings) -> Iterator[OtherSide]:
    with closing(OtherSide(settings)) as other_side:
        yield other_side


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def drain(settings: Settings, topic: Topic) -> None:
    warehouse = DuckDbWarehouse(settings.warehouse_path)
    warehouse.migrate()
    with Drain(lambda: open_log(settings), warehouse, [topic]) as running:
        list(running.run_once())


def tick(instance: dg.DagsterInstance) -> dg.RunRequest | dg.SkipReason:
    said = kafka_backlog(dg.build_sensor_context(instance))
    assert isinstance(said, dg.RunRequest | dg.SkipReason)
    return said


def requested_for(said: dg.RunRequest | dg.SkipReason) -> str:
    assert isinstance(said, dg.RunRequest), said
    # A run key would be launched once, even if that run failed.
    assert said.run_key is None
    return said.tags["tickhouse/started_for"]


def skipped(said: dg.RunRequest | dg.SkipReason) -> str:
    assert isinstance(said, dg.SkipReason), said
    return said.skip_message or ""


def record(instance: dg.DagsterInstance, status: dg.DagsterRunStatus) -> str:
    return instance.create_run_for_job(micro_batch_job, run_id=str(uuid.uuid4()), status=status).run_id


# --- nobody runs ---------------------------------------------------------------------------------


def test_nothing_in_kafka(home: Settings, topic: Topic, instance: dg.DagsterInstance) -> None:
    assert skipped(tick(instance)).startswith("Caught up")


def test_backlog_before_anything_has_landed(
    home: Settings, topic: Topic, other_side: OtherSide, instance: dg.DagsterInstance
) -> None:
    other_side.publish(topic.name, numbered(3))
    assert requested_for(tick(instance)) == f"backlog: 3 in {topic.name}"


def test_what_has_landed_is_no_backlog_and_what_came_since_is(
    home: Settings, topic: Topic, other_side: OtherSide, instance: dg.DagsterInstance
) -> None:
    other_side.publish(topic.name, numbered(3))
    drain(home, topic)
    assert skipped(tick(instance)).startswith("Caught up")
    other_side.publish(topic.name, numbered(2))
    assert requested_for(tick(instance)) == f"backlog: 2 in {topic.name}"


def test_a_quiet_topic_is_asked_for_again_after_a_failed_run(
    home: Settings, topic: Topic, other_side: OtherSide, instance: dg.DagsterInstance
) -> None:
    other_side.publish(topic.name, numbered(3))
    first = tick(instance)
    record(instance, dg.DagsterRunStatus.FAILURE)
    assert requested_for(first) == requested_for(tick(instance)) == f"backlog: 3 in {topic.name}"


def test_messages_of_a_created_again_topic_are_backlog_below_the_old_position(
    home: Settings, topic: Topic, other_side: OtherSide, instance: dg.DagsterInstance
) -> None:
    other_side.publish(topic.name, numbered(5))
    drain(home, topic)
    other_side.delete_topic(topic.name)
    other_side.create_topic(topic.name, partitions=2)
    other_side.publish(topic.name, numbered(2))
    assert requested_for(tick(instance)) == f"backlog: 2 in {topic.name}"


def test_what_retention_took_is_not_waited_for(
    home: Settings, topic: Topic, other_side: OtherSide, instance: dg.DagsterInstance
) -> None:
    other_side.publish(topic.name, numbered(5))
    other_side.delete_records(topic.name, 0, before=3)
    assert requested_for(tick(instance)) == f"backlog: 2 in {topic.name}"


def test_a_busy_warehouse_is_left_alone(
    home: Settings,
    topic: Topic,
    other_side: OtherSide,
    instance: dg.DagsterInstance,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drain(home, topic)
    other_side.publish(topic.name, numbered(3))
    monkeypatch.setattr(sensor_module, "BUSY_SECONDS", 0.1)
    script = (
        "from pathlib import Path; from ingest.warehouse.duckdb.file_lock import FileLock; import sys, time\n"
    )
    script += "FileLock(Path(sys.argv[1])).acquire('exclusive'); print('ready', flush=True); time.sleep(600)"
    with process(script, home.warehouse_path) as holder:
        assert f"process {holder.pid} writes to it" in skipped(tick(instance))
    assert requested_for(tick(instance)) == f"backlog: 3 in {topic.name}"


def test_without_a_broker_it_says_how_to_get_one(
    tmp_path: Path, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TICKHOUSE_HOME", str(tmp_path))
    assert "`tickhouse up`" in skipped(tick(instance))


# --- somebody runs -------------------------------------------------------------------------------


@pytest.fixture
def unasked(home: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """While a run lives, neither Kafka nor the warehouse is asked."""
    monkeypatch.setattr(sensor_module, "backlog", lambda: pytest.fail("was asked"))
    return home


def age(monkeypatch: pytest.MonkeyPatch, instance: dg.DagsterInstance, seconds: float) -> None:
    """Let all that started have started so long ago."""
    later = SimpleNamespace(time=lambda: time.time() + seconds)
    monkeypatch.setattr(sensor_module, "time", later)


def started(instance: dg.DagsterInstance) -> str:
    """A run with its start in its record, as Dagster writes it."""
    run_id = record(instance, STARTING)
    run = instance.get_run_by_id(run_id)
    assert run is not None
    event = dg.DagsterEvent(dg.DagsterEventType.RUN_START.value, micro_batch_job.name)
    instance.report_dagster_event(event, run_id)
    return run_id


def test_a_live_run_is_enough(unasked: Settings, instance: dg.DagsterInstance) -> None:
    run_id = started(instance)
    show_alive(unasked, run_id)
    assert skipped(tick(instance)) == f"A run is at it: {run_id[:8]}."


def test_near_its_end_a_run_is_relieved_once(
    unasked: Settings, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = started(instance)
    show_alive(unasked, run_id)
    age(monkeypatch, instance, 900 - 25 - 5)
    assert skipped(tick(instance)).startswith("A run is at it")
    age(monkeypatch, instance, 900 - 25 + 5)
    assert requested_for(tick(instance)) == f"relief of {run_id[:8]}"
    successor = record(instance, STARTING)
    assert successor[:8] in skipped(tick(instance))


def test_a_short_run_is_not_relieved_before_half_of_its_time(
    unasked: Settings, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MICRO_BATCH_MAX_SECONDS", "20")
    load_settings.cache_clear()
    show_alive(unasked, started(instance))
    age(monkeypatch, instance, 5)
    assert skipped(tick(instance)).startswith("A run is at it")
    age(monkeypatch, instance, 15)
    assert requested_for(tick(instance)).startswith("relief of")


def test_one_run_per_batch_is_never_relieved(
    unasked: Settings, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MICRO_BATCH_MAX_SECONDS", "0")
    load_settings.cache_clear()
    show_alive(unasked, started(instance))
    age(monkeypatch, instance, 5000)
    assert skipped(tick(instance)).startswith("A run is at it")


def test_a_starting_run_is_waited_for(unasked: Settings, instance: dg.DagsterInstance) -> None:
    run_id = record(instance, STARTING)
    assert skipped(tick(instance)) == f"A run is at it: {run_id[:8]}."


def test_a_run_that_never_came_up_is_given_up(
    home: Settings,
    topic: Topic,
    other_side: OtherSide,
    instance: dg.DagsterInstance,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other_side.publish(topic.name, numbered(3))
    run_id = record(instance, STARTING)
    monkeypatch.setattr(runs, "STARTING_SECONDS", -1)
    assert requested_for(tick(instance)).startswith("backlog")
    assert status(instance, run_id) is dg.DagsterRunStatus.FAILURE


def test_the_dead_are_told_from_the_living_whatever_their_record_says(
    home: Settings, topic: Topic, other_side: OtherSide, instance: dg.DagsterInstance
) -> None:
    other_side.publish(topic.name, numbered(3))
    run_id = started(instance)
    script = "import sys, time; from pathlib import Path; from ingest.operations.runs import show_alive\n"
    script += "from ingest.core.settings import Settings\n"
    script += "show_alive(Settings(tickhouse_home=sys.argv[1]), sys.argv[2])\n"
    script += "print('ready', flush=True); time.sleep(600)"
    with process(script, home.tickhouse_home, run_id):
        assert skipped(tick(instance)) == f"A run is at it: {run_id[:8]}."
    # Killed; somebody asks who lives (`tickhouse status`) before the sensor does.
    assert runs.looping_runs(home) == []
    assert requested_for(tick(instance)) == f"backlog: 3 in {topic.name}"
    assert status(instance, run_id) is dg.DagsterRunStatus.FAILURE


def test_what_was_starting_before_dagster_itself_began_anew_is_dead(
    home: Settings, topic: Topic, instance: dg.DagsterInstance
) -> None:
    run_id = record(instance, STARTING)
    forget_starting(home)
    assert skipped(tick(instance)).startswith("Caught up")
    assert status(instance, run_id) is dg.DagsterRunStatus.FAILURE


# --- the clock -----------------------------------------------------------------------------------


def set_back(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    earlier = SimpleNamespace(time=lambda: time.time() - seconds, monotonic=time.monotonic, sleep=time.sleep)
    monkeypatch.setattr(sensor_module, "time", earlier)
    monkeypatch.setattr(runs, "time", earlier)


def test_clock_set_back_a_run_that_died_while_starting_is_not_waited_for_an_hour(
    home: Settings, topic: Topic, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = record(instance, STARTING)
    set_back(monkeypatch, 3600)
    assert skipped(tick(instance)).startswith("Caught up")
    assert status(instance, run_id) is dg.DagsterRunStatus.FAILURE


def test_clock_set_back_a_run_that_starts_is_not_taken_for_one_before_dagster_began(
    unasked: Settings, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget_starting(unasked)
    set_back(monkeypatch, 3600)
    requested_at = time.time() - 3600
    assert runs.is_alive(unasked, "starting", requested_at)


def status(instance: dg.DagsterInstance, run_id: str) -> dg.DagsterRunStatus:
    run = instance.get_run_by_id(run_id)
    assert run is not None
    return run.status
