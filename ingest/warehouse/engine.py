"""The kinds of warehouse there are, and how the rest gets at the one that the settings name.

WAREHOUSE=duckdb ─▶ ENGINES ─▶ its module, imported only now ─▶ ENGINE
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from ingest.core.errors import SettingsInvalid
from ingest.core.settings import Settings
from ingest.warehouse.capabilities import Capabilities, Copies
from ingest.warehouse.protocol import Warehouse

if TYPE_CHECKING:
    from ingest.warehouse.followed import Marts

ENGINES = {
    "duckdb": "ingest.warehouse.duckdb.engine",
    "snowflake": "ingest.warehouse.snowflake.engine",
}
"""By the name that WAREHOUSE gives; an engine of somebody else's is named by its module."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who opens a warehouse."""

    run_id: str | None = None
    is_gone: Callable[[str], bool] = lambda _: False
    """Whether a run is known to have ended, so that what it holds can be taken from it."""
    wait_seconds: float | None = None
    """For a turn, where one waits for a file; None: as long as it takes."""


@dataclass(frozen=True, slots=True)
class Engine:
    """One kind of warehouse. Its module has one as `ENGINE`."""

    capabilities: Capabilities
    open: Callable[[Settings, Caller], Warehouse]
    dbt_target: Callable[[Settings], str]
    """Where dbt keeps what it parsed, in its project: it names the database, so each has its own."""
    dbt_variables: Callable[[Settings, str | None], Mapping[str, str]]
    """What its target in dbt_project/profiles.yml reads from the environment; of which run."""
    open_marts: "Callable[[Settings, Caller], Marts] | None" = None
    """For sinks; None: they cannot follow it yet."""


def engine_of(settings: Settings) -> Engine:
    name = settings.warehouse
    if name not in ENGINES and "." not in name:
        raise SettingsInvalid(
            f"WAREHOUSE={name}: there is {' and '.join(ENGINES)}, or name the module of another engine."
        )
    try:
        return import_module(ENGINES.get(name, name)).ENGINE
    except ImportError as error:
        raise SettingsInvalid(f"WAREHOUSE={name} cannot be used: {error}.") from error


def copies_of(settings: Settings) -> Copies:
    """The way to copy the whole warehouse; SettingsInvalid where that is not ours to do."""
    capabilities = capabilities_of(settings)
    if capabilities.copies is None:
        raise SettingsInvalid(
            f"WAREHOUSE={settings.warehouse}: {capabilities.title} keeps its own copies; Tickhouse copies a "
            "DuckDB file only. docs/snowflake.md has the ways there."
        )
    return capabilities.copies


def capabilities_of(settings: Settings) -> Capabilities:
    """Of the warehouse that the settings name, without opening it."""
    return engine_of(settings).capabilities
