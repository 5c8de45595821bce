"""How screens and meters look at the warehouse: a turn as others have one, short, and nothing but reading.

turn at the file, `wait_seconds` at most ─▶ questions, `time_limit` seconds at most ─▶ the file is free again
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from ingest.core.errors import WarehouseBusy
from ingest.core.settings import Settings
from ingest.warehouse.connection import Connection
from ingest.warehouse.open import open_warehouse

# A locked configuration is that of every connection of this process, also of one that is just being opened.
_one_at_a_time = threading.Lock()


@contextmanager
def looking(settings: Settings, wait_seconds: float, time_limit: float) -> Iterator[Connection]:
    """WarehouseBusy if there was no turn in time, or if the questions took longer than they may."""
    warehouse = open_warehouse(settings, wait_seconds=wait_seconds)
    with _one_at_a_time, warehouse.reading() as connection:
        if not isinstance(connection, duckdb.DuckDBPyConnection):
            yield connection
            return
        connection.execute("set enable_external_access = false; set lock_configuration = true")
        cut_off = threading.Timer(time_limit, connection.interrupt)
        cut_off.start()
        try:
            yield connection
        except duckdb.InterruptException:
            raise WarehouseBusy(
                f"A look at the warehouse was cut off after {time_limit:g} s: ingestion was waiting."
            ) from None
        finally:
            cut_off.cancel()
