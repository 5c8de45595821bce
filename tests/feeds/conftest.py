"""A broker and a warehouse behind every source that is tried here."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dbt.trial import PROJECT, Project, open_trial, parse_project
from tests.feeds.pipeline import Pipeline
from tests.support.broker import OwnBroker


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return parse_project(PROJECT, tmp_path_factory.mktemp("target"))


@pytest.fixture
def pipeline(broker: OwnBroker, project: Project, tmp_path: Path) -> Iterator[Pipeline]:
    """From here on, what is published to any topic of the table is this test's own."""
    with open_trial(project, tmp_path / "home") as trial:
        yield Pipeline(broker.bootstrap, trial)
