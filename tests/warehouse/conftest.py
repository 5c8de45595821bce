"""A warehouse of each kind, and a way to look into it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from ingest.warehouse.duckdb_warehouse import DuckDbWarehouse
from ingest.warehouse.protocol import Warehouse


@dataclass(frozen=True)
class Trial:
    """A migrated warehouse, other clients of the same one, and SQL that both engines understand."""

    warehouse: Warehouse
    another: Callable[[], Warehouse]
    query: Callable[[str], list[tuple]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "warehouse.duckdb"


@pytest.fixture
def duckdb_warehouse(path: Path) -> DuckDbWarehouse:
    warehouse = DuckDbWarehouse(path, wait_seconds=30)
    warehouse.migrate()
    return warehouse


@pytest.fixture(params=["duckdb"])
def trial(request: pytest.FixtureRequest) -> Trial:
    """Every kind of warehouse keeps the same contract."""
    warehouse: DuckDbWarehouse = request.getfixturevalue(f"{request.param}_warehouse")

    def query(sql: str) -> list[tuple]:
        with warehouse.file.reading() as connection:
            return connection.execute(sql).fetchall()

    return Trial(warehouse, lambda: DuckDbWarehouse(warehouse.file.path, wait_seconds=30), query)
