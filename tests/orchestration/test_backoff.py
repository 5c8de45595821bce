"""A failing model waits longer and longer; its descendants wait with it, nobody else does."""

from types import SimpleNamespace

import pytest

from orchestration.micro_batch import backoff
from orchestration.micro_batch.backoff import FIRST_SECONDS, LONGEST_SECONDS, Backoff
from orchestration.micro_batch.due_models import LoopModel


def model(name: str, *parents: str) -> LoopModel:
    return LoopModel(name, name, "live", frozenset(), frozenset(parents))


MODELS = [model("stg"), model("bad", "stg"), model("child", "bad", "stg"), model("other", "stg")]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(backoff, "time", SimpleNamespace(monotonic=lambda: now[0]))
    return now


def allowed(waits: Backoff) -> list[str]:
    return [one.name for one in waits.allowed(MODELS)]


def test_a_failed_model_and_what_stands_on_it_wait(clock: list[float]) -> None:
    waits = Backoff()
    assert waits.failed("bad") == FIRST_SECONDS
    assert allowed(waits) == ["stg", "other"]
    clock[0] += FIRST_SECONDS
    assert allowed(waits) == ["stg", "bad", "child", "other"]


def test_it_waits_longer_each_time_but_not_for_ever(clock: list[float]) -> None:
    waits = Backoff()
    seconds = [waits.failed("bad") for _ in range(9)]
    assert seconds[:4] == [5, 10, 20, 40]
    assert seconds[-2:] == [LONGEST_SECONDS, LONGEST_SECONDS]
    clock[0] += LONGEST_SECONDS
    assert "bad" in allowed(waits)


def test_success_begins_anew(clock: list[float]) -> None:
    waits = Backoff()
    waits.failed("bad")
    waits.failed("bad")
    assert waits.succeeded("bad")
    assert not waits.succeeded("bad")
    assert allowed(waits) == ["stg", "bad", "child", "other"]
    assert waits.failed("bad") == FIRST_SECONDS
