"""What the sensor knows without asking a warehouse that bills each question, and who is known to be gone."""

import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import dagster as dg
import pytest

from ingest.core.settings import Settings, load_settings
from ingest.operations.runs import end_looping, is_asked_to_end, show_alive
from ingest.warehouse.protocol import TopicPositions
from orchestration.micro_batch import sensor as sensor_module
from orchestration.micro_batch.job import micro_batch_job
from orchestration.micro_batch.reported_positions import Committed, known, last_ended, remember
from orchestration.run_warehouse import has_ended
from tests.warehouse.processes import process

SUCCESS, FAILURE, STARTED = (
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.FAILURE,
    dg.DagsterRunStatus.STARTED,
)
SOME = Committed({"a.b": TopicPositions("a.b", 2, "id", {0: 5, 11: 7})}, due_at=3.5)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("TICKHOUSE_HOME", str(tmp_path))
    load_settings.cache_clear()
    return load_settings()


def ended(instance: dg.DagsterInstance, status: dg.DagsterRunStatus, said: Committed | None = None) -> str:
    run_id = instance.create_run_for_job(micro_batch_job, run_id=str(uuid.uuid4()), status=status).run_id
    if said is not None:
        remember(instance, run_id, said)
    return run_id


def known_now(instance: dg.DagsterInstance, cursor: str | None = None) -> Committed | None:
    text = known(last_ended(instance, micro_batch_job.name), cursor)
    return Committed.from_text(text) if text else None


def test_what_the_last_run_reported_is_known(instance: dg.DagsterInstance) -> None:
    ended(instance, SUCCESS, Committed({}))
    ended(instance, SUCCESS, SOME)
    assert known_now(instance) == SOME


def test_nothing_is_known_after_a_run_that_did_not_end_well(instance: dg.DagsterInstance) -> None:
    ended(instance, SUCCESS, SOME)
    ended(instance, FAILURE)
    assert known_now(instance, SOME.as_text()) is None
    ended(instance, SUCCESS, SOME)
    assert known_now(instance) == SOME


def test_the_cursor_outlives_the_records_of_runs(instance: dg.DagsterInstance) -> None:
    assert known_now(instance) is None
    assert known_now(instance, SOME.as_text()) == SOME


def test_a_run_that_reported_nothing_leaves_nothing_known(instance: dg.DagsterInstance) -> None:
    ended(instance, SUCCESS)
    assert known_now(instance, SOME.as_text()) is None


# --- the sensor, where it may not ask -------------------------------------------------------------


@pytest.fixture
def on_snowflake(home: Settings, monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """A sensor of Snowflake's; what Kafka has is in the test's hands."""
    kafka: dict[str, int] = {}
    monkeypatch.setenv("WAREHOUSE", "snowflake")
    monkeypatch.setattr(sensor_module, "behind", lambda positions: {} if positions else kafka)
    load_settings.cache_clear()
    return kafka


def said(instance: dg.DagsterInstance, seconds_later: float, patch: pytest.MonkeyPatch) -> str:
    clock = SimpleNamespace(time=lambda: time.time() + seconds_later)
    patch.setattr(sensor_module, "time", clock)
    answer = sensor_module.kafka_backlog(dg.build_sensor_context(instance))
    if isinstance(answer, dg.RunRequest):
        return answer.tags["tickhouse/started_for"]
    assert isinstance(answer, dg.SkipReason)
    return answer.skip_message or ""


def test_a_slower_model_that_is_due_is_worth_a_run(
    on_snowflake: dict[str, int], instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended(instance, SUCCESS, Committed(SOME.positions, due_at=time.time() + 3600))
    assert said(instance, 3000, monkeypatch).startswith("Caught up")
    assert said(instance, 3700, monkeypatch) == "models of a slower cadence are due"


def test_after_a_failure_a_run_is_requested_no_sooner_than_the_next_turn(
    on_snowflake: dict[str, int], instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_snowflake["a.b"] = 5
    ended(instance, FAILURE)
    assert said(instance, 30, monkeypatch) == "The last run began less than 60 s ago."
    assert said(instance, 90, monkeypatch) == "backlog: 5 in a.b"


# --- who is gone ----------------------------------------------------------------------------------


def test_gone_is_whose_record_and_process_have_ended(home: Settings, instance: dg.DagsterInstance) -> None:
    assert has_ended(instance, ended(instance, FAILURE))
    assert not has_ended(instance, ended(instance, STARTED))
    assert not has_ended(instance, "of another machine")
    lives_on = ended(instance, FAILURE)
    show_alive(home, lives_on)
    assert not has_ended(instance, lives_on)


def test_a_run_on_snowflake_is_asked_to_end_by_a_sign_not_by_a_question(home: Settings) -> None:
    on_snowflake = home.model_copy(update={"warehouse": "snowflake"})
    script = """import sys, time
from ingest.operations.runs import is_asked_to_end, show_alive
from ingest.core.settings import Settings
settings = Settings(tickhouse_home=sys.argv[1])
show_alive(settings, "run")
print("ready", flush=True)
while not is_asked_to_end(settings, "run"):
    time.sleep(0.01)
"""
    with process(script, home.tickhouse_home):
        assert end_looping(on_snowflake, patience_seconds=30)
    show_alive(home, "the next one")
    assert not is_asked_to_end(home, "run")
