"""The warehouse that the settings name."""

from ingest.errors import SettingsInvalid
from ingest.settings import Settings
from ingest.warehouse.protocol import Warehouse


def open_warehouse(settings: Settings, run_id: str | None = None) -> Warehouse:
    """Touches nothing yet: each method opens what it needs."""
    if settings.warehouse == "snowflake":
        from ingest.warehouse.snowflake.warehouse import SnowflakeWarehouse

        return SnowflakeWarehouse(settings, run_id)
    from ingest.warehouse.duckdb_warehouse import DuckDbWarehouse

    return DuckDbWarehouse(settings.warehouse_path)


def require_duckdb(settings: Settings) -> None:
    """Refuses what works on DuckDB only so far, rather than doing it in another place than was asked for."""
    if settings.warehouse != "duckdb":
        raise SettingsInvalid(
            f"WAREHOUSE={settings.warehouse}: the loop in Dagster, its checks and marts are DuckDB's so far. "
            "`tickhouse drain` lands Kafka in Snowflake; unset WAREHOUSE for the rest."
        )
