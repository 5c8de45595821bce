"""A warehouse of each kind, and a way to look into it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from ingest.core.settings import Settings
from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse
from ingest.warehouse.protocol import Warehouse
from ingest.warehouse.snowflake.warehouse import SnowflakeWarehouse


@dataclass(frozen=True)
class Trial:
    """A migrated warehouse, other clients of the same one, and SQL that both engines understand."""

    warehouse: Warehouse
    another: Callable[[], Warehouse]
    query: Callable[[str], list[tuple]]


@pytest.fixture(params=["duckdb", "snowflake"])
def trial(request: pytest.FixtureRequest) -> Trial:
    """Every kind of warehouse keeps the same contract."""
    return request.getfixturevalue(f"{request.param}_trial")


@pytest.fixture
def duckdb_trial(duckdb_warehouse: DuckDbWarehouse) -> Trial:
    def query(sql: str) -> list[tuple]:
        with duckdb_warehouse.file.reading() as connection:
            return connection.execute(sql).fetchall()

    path = duckdb_warehouse.file.path
    return Trial(duckdb_warehouse, lambda: DuckDbWarehouse(path, wait_seconds=30), query)


@pytest.fixture
def snowflake_trial(account: Settings) -> Iterator[Trial]:
    opened: list[SnowflakeWarehouse] = []

    def another() -> SnowflakeWarehouse:
        opened.append(SnowflakeWarehouse(account))
        return opened[-1]

    warehouse = another()

    def query(sql: str) -> list[tuple]:
        with warehouse.cursor() as cursor:
            cursor.execute(sql)
            return [tuple(row) for row in cursor.fetchall()]

    warehouse.migrate()
    yield Trial(warehouse, another, query)
    for each in opened:
        each.close()
