"""Worlds to hurt. All have the same home, one after the other: another one would make dbt parse again."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest

from ingest.core.settings import Settings
from ingest.core.topics import BY_NAME
from ingest.kafka.topic_admin import describe_topics, ensure_topics
from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse
from orchestration.dbt.environment import PLAN_FILE
from orchestration.dbt.fingerprint import fingerprint
from orchestration.dbt.make_plan import plan_of
from tests.dbt.trial import PROJECT, Project
from tests.dbt.trial import home as dbt_home
from tests.faults.feed import TRADES, Feed
from tests.faults.fork_server import ForkServer
from tests.faults.harm import PLAN_OF_EVERYTHING
from tests.faults.loop_process import BUILT, Place, warm
from tests.faults.world import World
from tests.support.broker import OwnBroker
from tests.support.other_side import OtherSide
from tests.support.plans import only


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("faults")


@pytest.fixture(scope="session")
def project(folder: Path) -> Project:
    """A copy of the dbt project, parsed once for all runs: it stays as it is while others work at it."""
    copy, home = folder / "dbt_project", folder / "home"
    shutil.copytree(PROJECT, copy, ignore=shutil.ignore_patterns("target", "logs"))
    _plan(_parsed(copy, home), copy, home)
    return Project(copy, _parsed(copy, home), copy / "target", BUILT)


def _parsed(copy: Path, home: Path) -> Manifest:
    with dbt_home(home):
        parsed = dbtRunner().invoke(["--quiet", "--log-level-file", "none", "parse", *_where(copy)])
    assert isinstance(parsed.result, Manifest), parsed.exception
    return parsed.result


def _where(copy: Path) -> list[str]:
    return ["--project-dir", str(copy), "--profiles-dir", str(copy)]


def _plan(manifest: Manifest, copy: Path, home: Path) -> None:
    """As the loop finds it beside the project: of a few models, and of all."""
    with tempfile.TemporaryDirectory() as scratch, dbt_home(Path(scratch)):
        everything = plan_of(manifest, _where(copy), fingerprint(copy, Settings(tickhouse_home=home)))
    everything.write(copy / "target" / PLAN_OF_EVERYTHING)
    plan = only(everything, BUILT)
    plan.write(copy / "target" / PLAN_FILE)


@pytest.fixture(scope="session")
def fork_server(folder: Path, project: Project) -> Iterator[ForkServer]:
    settings = Settings(tickhouse_home=folder / "home", kafka_bootstrap_servers="127.0.0.1:1")
    with closing(ForkServer(partial(warm, Place(settings, project.directory)))) as fork_server:
        yield fork_server


@pytest.fixture
def home(folder: Path, tmp_path: Path) -> Iterator[Path]:
    home = folder / "home"
    home.mkdir()
    yield home
    home.rename(tmp_path / "home")


@pytest.fixture
def world(home: Path, broker: OwnBroker, project: Project, fork_server: ForkServer) -> Iterator[World]:
    """On the session's broker, with topics that nobody has written to."""
    yield from make_world(home, broker, project, fork_server)


@pytest.fixture
def own_world(
    home: Path, own_broker: OwnBroker, project: Project, fork_server: ForkServer
) -> Iterator[World]:
    """On a broker that the test may stop and wipe."""
    yield from make_world(home, own_broker, project, fork_server)


def make_world(home: Path, broker: OwnBroker, project: Project, fork_server: ForkServer) -> Iterator[World]:
    """With trades alone: the other topics come when a test makes them."""
    settings = Settings(tickhouse_home=home, kafka_bootstrap_servers=broker.bootstrap)
    with closing(OtherSide(settings)) as other_side:
        for topic in describe_topics(settings):
            other_side.delete_topic(topic)
        ensure_topics(settings, [BY_NAME[TRADES]])
        DuckDbWarehouse(settings.warehouse_path).migrate()
        world = World(fork_server, Place(settings, project.directory), project, Feed(settings), other_side)
        try:
            yield world
        finally:
            world.close()
