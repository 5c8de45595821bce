"""Change data capture in a home of its own, started once for all tests here; each goes on from the last."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.core.settings import Settings
from ingest.kafka.topic_admin import ensure_topics
from ingest.services import broker, kafka_connect, ports
from ingest.services import change_data as capture
from ingest.services.postgres import postgres_url
from tests.cdc.database import Database
from tests.cdc.world import World, start_capture
from tests.dbt.trial import PROJECT, open_trial, parse_project
from tests.feeds_to_marts.pipeline import Pipeline


@pytest.fixture(scope="session")
def world(open_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    settings = Settings(
        tickhouse_home=open_home, embedded_kafka_port=ports.free_port(), captured_venue="simulated"
    )
    project = parse_project(PROJECT, tmp_path_factory.mktemp("target"))
    with open_trial(project, open_home / "home") as trial:
        try:
            broker.start(settings)
            ensure_topics(settings)
            pipeline = Pipeline(settings.bootstrap_servers, trial)
            start_capture(settings)
            # Where it stops in order it notes its place.
            kafka_connect.stop(settings)
            start_capture(settings)
            yield World(settings, Database(postgres_url(settings), seed=7), pipeline)
        finally:
            capture.stop(settings)
            broker.stop(settings)
