"""Fixtures for every test: settings that no developer's machine can change, and a real Kafka broker.

settings ─▶ the session's broker       shared, topics made by `topic_factory`
own_broker.settings ─▶ own_broker      to be stopped, killed and wiped
"""

import itertools
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ingest.core.settings import Settings, load_settings
from ingest.core.topics import Topic
from ingest.kafka.topic_admin import ensure_topics
from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse
from ingest.warehouse.snowflake.session import open_session
from tests.snowflake.stand_in import on_account, on_stand_in, stand_in
from tests.support.broker import OwnBroker

NUMBERS = itertools.count(1)
# `make test-snowflake`: what the environment says of a real account, before the tests forget it.
OF_ACCOUNT = {name: value for name, value in os.environ.items() if name.startswith("SNOWFLAKE_")}
IS_REAL = "TICKHOUSE_TEST_ACCOUNT" in os.environ

TopicFactory = Callable[..., Topic]


@pytest.fixture(scope="session", autouse=True)
def _nobodys_settings() -> Iterator[None]:
    """Neither `.env` nor the environment of whoever runs the tests reaches them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(Settings.model_config, "env_file", None)
        for name in Settings.model_fields:
            patch.delenv(name.upper(), raising=False)
        yield


@pytest.fixture(scope="session", autouse=True)
def _ctrl_c_is_heard() -> None:
    """A shell that starts the tests in the background has them ignore it, and all that they start."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _settings_of_this_test() -> Iterator[None]:
    """Its own, and the system's own way with new files afterwards."""
    load_settings.cache_clear()
    mask = os.umask(0o022)
    yield
    os.umask(mask)
    load_settings.cache_clear()


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnBroker]:
    """One embedded broker for the whole session. Leave it running."""
    yield from _running_broker(tmp_path_factory.mktemp("broker"))


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[OwnBroker]:
    """A running broker that this test may stop, kill and wipe; its `settings` lead to it."""
    yield from _running_broker(tmp_path / "own_broker")


@pytest.fixture
def settings(tmp_path: Path, broker: OwnBroker) -> Settings:
    """A Tickhouse of this test's own, on the session's broker."""
    return Settings(tickhouse_home=tmp_path, kafka_bootstrap_servers=broker.bootstrap)


@pytest.fixture(scope="session")
def open_home() -> Iterator[Path]:
    """Where whoever PostgreSQL runs as may come: pytest's own folders are for us alone."""
    home = Path(tempfile.mkdtemp(prefix="tickhouse-cdc-"))
    home.chmod(0o755)
    yield home
    shutil.rmtree(home)


@pytest.fixture(scope="session")
def stand_in_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A stand-in for Snowflake, for the whole session."""
    with stand_in(tmp_path_factory.mktemp("stand_in") / "server.log") as port:
        yield port


@pytest.fixture
def account(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Settings]:
    """A Tickhouse on Snowflake, in a database of this test's own: of the stand-in, or of a real account."""
    database = f"tickhouse_test_{os.getpid()}_{next(NUMBERS)}"
    if IS_REAL:
        settings = on_account(OF_ACCOUNT, database, tmp_path)
    else:
        settings = on_stand_in(request.getfixturevalue("stand_in_port"), database, tickhouse_home=tmp_path)
    with open_session(settings) as session, session.cursor() as cursor:
        cursor.execute(f"create database if not exists {database}")
    yield settings
    if IS_REAL:
        with open_session(settings) as session, session.cursor() as cursor:
            cursor.execute(f"drop database if exists {database}")


@pytest.fixture
def topic_factory(request: pytest.FixtureRequest) -> TopicFactory:
    """Makes topics that no other test has: `topic_factory(partitions=3)`.

    Takes the fields of a row of the topic table; `on=` the settings of another broker.
    """

    def make(on: Settings | None = None, **fields: Any) -> Topic:
        number = next(NUMBERS)
        topic = replace(Topic(f"test.{os.getpid()}.{number}", f"test_{number}", "A test's own."), **fields)
        ensure_topics(on or request.getfixturevalue("settings"), [topic])
        return topic

    return make


def _running_broker(home: Path) -> Iterator[OwnBroker]:
    own = OwnBroker(home)
    own.start()
    try:
        yield own
    finally:
        own.stop()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "warehouse.duckdb"


@pytest.fixture
def duckdb_warehouse(path: Path) -> DuckDbWarehouse:
    warehouse = DuckDbWarehouse(path, wait_seconds=30)
    warehouse.migrate()
    return warehouse
