"""What sinks read: the marts at one moment, in columns, asked in DuckDB's SQL."""

from contextlib import AbstractContextManager
from typing import Protocol

import duckdb

from ingest.core.errors import SettingsInvalid
from ingest.core.settings import Settings
from ingest.warehouse.engine import Caller, engine_of


class Marts(Protocol):
    def reading(self) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        """Nobody writes meanwhile."""
        ...


def open_marts(settings: Settings, wait_seconds: float | None = None) -> Marts:
    """Touches nothing yet. SettingsInvalid where sinks cannot follow the warehouse."""
    engine = engine_of(settings)
    if engine.open_marts is None:
        raise SettingsInvalid(
            f"Sinks follow a DuckDB warehouse so far; WAREHOUSE={settings.warehouse}: unset SINKS."
        )
    return engine.open_marts(settings, Caller(wait_seconds=wait_seconds))
