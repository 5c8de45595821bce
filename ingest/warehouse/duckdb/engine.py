"""DuckDB, as ingest/warehouse/engine.py finds it."""

from ingest.core.settings import Settings
from ingest.warehouse.duckdb.capabilities import CAPABILITIES
from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse
from ingest.warehouse.engine import Caller, Engine


def _open(settings: Settings, caller: Caller) -> DuckDbWarehouse:
    """A run that is gone keeps nobody waiting: the file's lock went with its process."""
    return DuckDbWarehouse(settings.warehouse_path, caller.wait_seconds)


ENGINE = Engine(
    CAPABILITIES,
    _open,
    dbt_target=lambda _: "target",
    dbt_variables=lambda _settings, _run_id: {},
    open_marts=_open,
)
