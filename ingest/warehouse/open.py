"""The warehouse that the settings name."""

from ingest.settings import Settings
from ingest.warehouse.protocol import Warehouse


def open_warehouse(settings: Settings, run_id: str | None = None) -> Warehouse:
    """Touches nothing yet: each method opens what it needs."""
    if settings.warehouse == "snowflake":
        from ingest.warehouse.snowflake.warehouse import SnowflakeWarehouse

        return SnowflakeWarehouse(settings, run_id)
    from ingest.warehouse.duckdb_warehouse import DuckDbWarehouse

    return DuckDbWarehouse(settings.warehouse_path)
