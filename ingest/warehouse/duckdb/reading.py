"""One question to the file, which ingestion waits for: a long one is cut off."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext

import duckdb

from ingest.core.errors import QueryFailed, WarehouseBusy
from ingest.warehouse.connection import Connection
from ingest.warehouse.duckdb.file import DuckDbFile
from ingest.warehouse.protocol import Found

ROW_COUNTS = """
    select schema_name, table_name, estimated_size from duckdb_tables()
    semi join (from duckdb_columns() where column_name = 'batch_id') using (table_oid)
    where list_contains(?, schema_name)"""
# A locked configuration is that of every connection of this process, also of one that is just being opened.
_one_looks = threading.Lock()
# A question of others neither takes all memory nor fills the disk with what it cannot hold.
BOUNDED = "set memory_limit = '1GB'; set max_temp_directory_size = '0KB'; "
OUT_OF_MEMORY = (
    "Out of Memory: a question of others may take 1 GB. Ask for fewer rows or columns at once, or ask a copy "
    "(tickhouse snapshot)."
)
# No file, no network; in this order, since what is locked cannot be set any more.
LOCKED = "set enable_external_access = false; set lock_configuration = true"


def ask(
    file: DuckDbFile,
    wait_seconds: float | None,
    statement: str,
    values: Mapping[str, object] | None,
    at_most: int | None,
    time_limit: float,
    *,
    is_safe: bool = False,
) -> Found:
    if not file.path.exists():
        raise QueryFailed(f"There is no warehouse at {file.path} yet. Start with: tickhouse up")
    alone = _one_looks if is_safe else nullcontext()
    with alone, file.reading(wait_seconds) as connection:
        if is_safe:
            connection.execute(BOUNDED + LOCKED)
        cut_off = threading.Timer(time_limit, connection.interrupt)
        cut_off.start()
        try:
            found = connection.execute(statement, values)
            columns = [column[0] for column in found.description or ()]
            return Found(columns, found.fetchall() if at_most is None else found.fetchmany(at_most))
        except duckdb.InterruptException:
            raise QueryFailed(
                f"Cut off after {time_limit:.0f} s: ingestion was waiting. Ask a copy (tickhouse snapshot), "
                "or set --time-limit."
            ) from None
        except duckdb.OutOfMemoryException as error:
            raise QueryFailed(OUT_OF_MEMORY if is_safe else str(error)) from error
        except duckdb.Error as error:
            raise QueryFailed(str(error)) from error
        finally:
            cut_off.cancel()


@contextmanager
def looking(
    file: DuckDbFile, wait_seconds: float | None, time_limit: float
) -> Iterator[duckdb.DuckDBPyConnection]:
    with _one_looks, file.reading(wait_seconds) as connection:
        connection.execute(LOCKED)
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


def row_counts(connection: Connection, schemas: list[str]) -> dict[tuple[str, str], int]:
    rows = connection.execute(ROW_COUNTS, [schemas]).fetchall()
    return {(schema, table): count for schema, table, count in rows}
