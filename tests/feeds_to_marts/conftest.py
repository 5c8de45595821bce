"""A broker and a warehouse behind every source that is tried here."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dbt.trial import PROJECT, Project, Trial, open_trial, parse_project
from tests.feeds_to_marts.pipeline import Pipeline
from tests.support.broker import OwnBroker


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return parse_project(PROJECT, tmp_path_factory.mktemp("target"))


@pytest.fixture
def trial(project: Project, tmp_path: Path) -> Iterator[Trial]:
    with open_trial(project, tmp_path / "home") as opened:
        yield opened


@pytest.fixture
def pipeline(broker: OwnBroker, trial: Trial) -> Pipeline:
    """From here on, what is published to any topic of the table is this test's own."""
    return Pipeline(broker.bootstrap, trial)
