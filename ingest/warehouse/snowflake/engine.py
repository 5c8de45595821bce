"""Snowflake, as ingest/warehouse/engine.py finds it."""

from ingest.core.settings import Settings
from ingest.warehouse.engine import Caller, Engine
from ingest.warehouse.snowflake.capabilities import CAPABILITIES
from ingest.warehouse.snowflake.dbt_variables import dbt_variables
from ingest.warehouse.snowflake.warehouse import SnowflakeWarehouse


def _open(settings: Settings, caller: Caller) -> SnowflakeWarehouse:
    return SnowflakeWarehouse(settings, caller.run_id, caller.is_gone)


def _dbt_target(settings: Settings) -> str:
    return f"target/snowflake/{settings.snowflake_account}/{settings.snowflake_database}"


ENGINE = Engine(CAPABILITIES, _open, _dbt_target, dbt_variables)
