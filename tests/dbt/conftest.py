"""The project as it stands, parsed once for all tests here."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest

from ingest.warehouse.models import Model, read_models
from orchestration.dbt.plan import Plan
from tests.dbt.planned_trial import plan
from tests.dbt.trial import PROJECT, Project, Trial, open_trial, parse_project


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return parse_project(PROJECT, tmp_path_factory.mktemp("target"))


@pytest.fixture(scope="session")
def compiled(project: Project) -> Plan:
    """What the loop runs of it."""
    return plan(project)


@pytest.fixture(scope="session")
def models(project: Project, tmp_path_factory: pytest.TempPathFactory) -> list[Model]:
    """As the keepers of the warehouse know them."""
    written = tmp_path_factory.mktemp("manifest") / "manifest.json"
    project.manifest.writable_manifest().write(str(written))
    return read_models(written)


@pytest.fixture
def trial(project: Project, tmp_path: Path) -> Iterator[Trial]:
    with open_trial(project, tmp_path / "home") as opened:
        yield opened


FreshTrial = Callable[[frozenset[str]], AbstractContextManager[Trial]]


@pytest.fixture(scope="session")
def fresh_trial(project: Project, tmp_path_factory: pytest.TempPathFactory) -> FreshTrial:
    """An empty warehouse for each example that hypothesis draws, with some of the models."""

    def opened(models: frozenset[str]) -> AbstractContextManager[Trial]:
        return open_trial(replace(project, chosen=models), tmp_path_factory.mktemp("fresh"))

    return opened
