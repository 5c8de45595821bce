"""How screens and meters look at the warehouse: a turn as others have one, short, and nothing but reading.

turn, `wait_seconds` at most ─▶ questions, `time_limit` seconds at most ─▶ whoever writes goes on
"""

from collections.abc import Iterator
from contextlib import contextmanager

from ingest.core.settings import Settings
from ingest.warehouse.connection import Connection
from ingest.warehouse.open import open_warehouse


@contextmanager
def looking(settings: Settings, wait_seconds: float, time_limit: float) -> Iterator[Connection]:
    """WarehouseBusy if there was no turn in time, or if the questions took longer than they may."""
    with (
        open_warehouse(settings, wait_seconds=wait_seconds) as warehouse,
        warehouse.looking(time_limit) as connection,
    ):
        yield connection
