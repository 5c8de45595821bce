"""The project as it stands, parsed once for all tests here."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dbt.trial import PROJECT, Project, Trial, open_trial, parse_project


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return parse_project(PROJECT, tmp_path_factory.mktemp("target"))


@pytest.fixture
def trial(project: Project, tmp_path: Path) -> Iterator[Trial]:
    with open_trial(project, tmp_path / "home") as opened:
        yield opened
