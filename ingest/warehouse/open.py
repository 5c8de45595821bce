"""The warehouse that the settings name."""

from collections.abc import Callable

from ingest.core.settings import Settings
from ingest.warehouse.engine import Caller, engine_of
from ingest.warehouse.protocol import Warehouse


def open_warehouse(
    settings: Settings,
    run_id: str | None = None,
    is_gone: Callable[[str], bool] = lambda _: False,
    wait_seconds: float | None = None,
) -> Warehouse:
    """`with open_warehouse(settings) as warehouse:`. Touches nothing yet: each method opens what it needs.

    `is_gone`: whether a run is known to have ended, so that what it holds can be taken from it.
    `wait_seconds`: for a turn, where one waits for a file.
    """
    return engine_of(settings).open(settings, Caller(run_id, is_gone, wait_seconds))
