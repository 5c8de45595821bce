"""The warehouse for assets, checks and jobs; they hold it as the loop does."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
from pydantic import Field, PrivateAttr

from ingest.core.settings import load_settings
from ingest.warehouse.connection import Connection
from ingest.warehouse.protocol import Warehouse
from orchestration.run_warehouse import warehouse_of_run


class WarehouseResource(dg.ConfigurableResource):
    """The warehouse of the settings. No secret is in its configuration, which the UI shows."""

    engine: str = Field(description="What WAREHOUSE says.")
    _of_run: Warehouse | None = PrivateAttr(default=None)

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        if context.instance is not None and context.run is not None:
            self._of_run = warehouse_of_run(context.instance, context.run.run_id)

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:  # noqa: ARG002
        if self._of_run is not None:
            self._of_run.close()

    @property
    def warehouse(self) -> Warehouse:
        assert self._of_run is not None  # noqa: S101  (assets and checks are run by a run)
        return self._of_run

    @contextmanager
    def get_connection(self) -> Iterator[Connection]:
        with self.warehouse.open() as connection:
            yield connection


def warehouse_resource() -> WarehouseResource:
    return WarehouseResource(engine=load_settings().warehouse)
