"""One running stack for all of these tests; it ends with the last of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.services import ports
from tests.e2e.live_stack import LiveStack, live_stack


@pytest.fixture(scope="package")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("live")


@pytest.fixture(scope="package")
def broker_port() -> int:
    return ports.free_port()


@pytest.fixture(scope="package")
def stack(home: Path, broker_port: int) -> Iterator[LiveStack]:
    with live_stack(
        home, broker_port=broker_port, MICRO_BATCH_MAX_SECONDS="60", SNAPSHOT_CRON="* * * * *"
    ) as running:
        yield running
