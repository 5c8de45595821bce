"""The third engine, where the contract asks for a warehouse."""

from pathlib import Path

import pytest

from tests.third_engine.engine import MemoryWarehouse
from tests.warehouse.conftest import Trial


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    warehouse = MemoryWarehouse(tmp_path)
    warehouse.migrate()

    def query(sql: str) -> list[tuple]:
        with warehouse.reading() as connection:
            return connection.execute(sql).fetchall()

    return Trial(warehouse, lambda: MemoryWarehouse(tmp_path), query)
