"""An embedded service that is killed is dead, one that was stopped is not; started again, it answers."""

import os
import signal
from pathlib import Path

import pytest

from ingest.core.settings import Settings
from ingest.operations.service_part import redis_part
from ingest.operations.supervisor import Supervisor
from ingest.services import redis
from tests.e2e.live_stack import awaited


@pytest.mark.slow
def test_a_killed_service_is_started_again_and_a_stopped_one_is_not(tmp_path: Path) -> None:
    settings = Settings(tickhouse_home=tmp_path)
    supervisor = Supervisor()
    try:
        redis.start(settings)
        supervisor.watch(redis_part(settings))
        assert supervisor.news() == []
        killed = redis.pid(settings)
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        told = awaited("the word of its death", supervisor.news)
        assert told == ["The embedded Redis died. It is started again in 0.2 s."]
        assert awaited("the word of its return", supervisor.news) == ["The embedded Redis runs again."]
        assert redis.is_up(settings)
        assert redis.pid(settings) != killed
        redis.stop(settings)
        assert supervisor.news() == []
    finally:
        redis.stop(settings)
