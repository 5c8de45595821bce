"""dbt-duckdb plugin: dbt takes the warehouse's lock like everybody else, and finds its tables there.

Named in dbt_project/profiles.yml. dbt opens the file anew for each model (`keep_open: false`), so a long
build lets go between models; a run that already holds the file in this process passes straight through.
"""

import os
import weakref
from pathlib import Path
from typing import Any

from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.plugins import BasePlugin
from duckdb import DuckDBPyConnection

from ingest.core.settings import load_settings
from ingest.warehouse.duckdb.file_lock import lock_for
from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse


class Plugin(BasePlugin):
    """Holds the lock as long as dbt's connection lives."""

    def update_connection_config(self, creds: DuckDBCredentials, config: dict[str, Any]) -> None:  # noqa: ARG002
        if "TICKHOUSE_HOME" not in os.environ:  # plain dbt does not read .env
            creds.path = str(load_settings().warehouse_path)
        path = Path(creds.path)
        if not path.exists():
            DuckDbWarehouse(path).migrate()
        lock_for(path).acquire("exclusive")

    def configure_connection(self, conn: DuckDBPyConnection) -> None:
        assert self.creds is not None  # noqa: S101  (dbt always gives them)
        weakref.finalize(conn, lock_for(Path(self.creds.path)).release)
