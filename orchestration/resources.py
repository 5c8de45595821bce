"""The warehouse for assets and checks that are run by hand; they hold it as the loop does.

WarehouseResource   either one, in the turn that builders take in Snowflake
FileResource        DuckDB: dagster-duckdb's resource, under our lock
"""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
import duckdb
from dagster_duckdb import DuckDBResource
from pydantic import PrivateAttr

from ingest.core.settings import load_settings
from ingest.warehouse.connection import Connection
from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse
from ingest.warehouse.protocol import Warehouse
from orchestration.run_warehouse import warehouse_of_run


class WarehouseResource(dg.ConfigurableResource):
    """The warehouse of the settings. No secret is in its configuration, which the UI shows."""

    _of_run: Warehouse | None = PrivateAttr(default=None)

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        if context.instance is not None and context.run is not None:
            self._of_run = warehouse_of_run(context.instance, context.run.run_id)

    @property
    def warehouse(self) -> Warehouse:
        assert self._of_run is not None  # noqa: S101  (assets and checks are run by a run)
        return self._of_run

    @contextmanager
    def get_connection(self) -> Iterator[Connection]:
        with self.warehouse.open() as connection:
            yield connection


class FileResource(WarehouseResource, DuckDBResource):
    """Waits for its turn at the file, and closes it whatever happens.

    The stock resource has no `finally`: a traceback that lives on keeps the file from everybody else.
    """

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Nothing of it belongs to one run."""

    @property
    def warehouse(self) -> DuckDbWarehouse:
        return DuckDbWarehouse(load_settings().warehouse_path)

    @contextmanager
    def get_connection(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with self.warehouse.open() as connection:
            yield connection


def warehouse_resource() -> WarehouseResource:
    settings = load_settings()
    if settings.warehouse == "duckdb":
        return FileResource(database=str(settings.warehouse_path))
    return WarehouseResource()
