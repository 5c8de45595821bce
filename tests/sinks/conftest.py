"""The project as the tests of dbt parse it, and one server of each store for the session."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.core.settings import Settings
from ingest.services import postgres as postgres_service
from ingest.services import redis as redis_service
from tests.dbt.conftest import models, project, trial

__all__ = ["models", "project", "trial"]


@pytest.fixture(scope="session")
def postgres_home(open_home: Path) -> Iterator[Settings]:
    settings = Settings(tickhouse_home=open_home / "sinks")
    postgres_service.start(settings)
    yield settings
    postgres_service.stop(settings)


@pytest.fixture
def postgres_url(postgres_home: Settings) -> str:
    postgres_service.start(postgres_home)  # a test may have killed it
    return postgres_service.sink_url(postgres_home)


@pytest.fixture(scope="session")
def redis_home(open_home: Path) -> Iterator[Settings]:
    settings = Settings(tickhouse_home=open_home / "sinks")
    redis_service.start(settings)
    yield settings
    redis_service.stop(settings)


@pytest.fixture
def redis_url(redis_home: Settings) -> str:
    redis_service.start(redis_home)  # a test may have killed it
    return redis_service.sink_url(redis_home)
