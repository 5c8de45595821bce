"""The warehouse that the settings name."""

from collections.abc import Callable

from ingest.core.settings import Settings
from ingest.warehouse.protocol import Warehouse


def open_warehouse(
    settings: Settings,
    run_id: str | None = None,
    is_gone: Callable[[str], bool] = lambda _: False,
    wait_seconds: float | None = None,
) -> Warehouse:
    """Touches nothing yet: each method opens what it needs. `is_gone`: whether a run is known to have ended,
    so that what it holds in Snowflake is taken from it; a file's lock goes by itself. `wait_seconds`: for
    a turn at that file."""
    if settings.warehouse == "snowflake":
        from ingest.warehouse.snowflake.warehouse import SnowflakeWarehouse

        return SnowflakeWarehouse(settings, run_id, is_gone)
    from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse

    return DuckDbWarehouse(settings.warehouse_path, wait_seconds)
