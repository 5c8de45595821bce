"""The warehouse for assets and checks that are run by hand: dagster-duckdb's resource, under our lock."""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
from dagster_duckdb import DuckDBResource

from ingest.settings import load_settings
from ingest.warehouse.duckdb_warehouse import DuckDbWarehouse


class WarehouseResource(DuckDBResource):
    """Waits for its turn at the file, and closes it whatever happens.

    The stock resource has no `finally`: a traceback that lives on keeps the file from everybody else.
    """

    @property
    def warehouse(self) -> DuckDbWarehouse:
        return DuckDbWarehouse(load_settings().warehouse_path)

    @contextmanager
    def get_connection(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with self.warehouse.open() as connection:
            yield connection


def warehouse_resource() -> WarehouseResource:
    return WarehouseResource(database=str(load_settings().warehouse_path))
