"""Loads what an exchange answered into PostgreSQL: an upsert, and what it does not tell any more goes.

    Rows ─▶ begin ─ upsert what differs ─ delete what is forgotten ─ commit

One answer is one short transaction; the same answer again changes nothing.
"""

import logging
import time
from collections.abc import Sequence
from datetime import datetime
from types import TracebackType
from typing import NamedTuple, Self

from ingest.core.errors import NeedsAttention, PostgresUnavailable, SettingsInvalid
from ingest.feeds.change_data.tables import DEFINITIONS, Table

try:
    import psycopg
except ImportError as missing:
    raise SettingsInvalid("Change data capture needs the extra `cdc`: run `make install`.") from missing

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 300.0
RETRY_SECONDS = 0.5


class Rows(NamedTuple):
    """What one answer says of one table."""

    table: Table
    symbol: str | None
    """Whose rows these are; None: of every symbol."""
    rows: Sequence[tuple[object, ...]]
    polled_at: datetime


class Loader:
    """One connection, made again when PostgreSQL comes back. Use it in a `with`."""

    def __init__(self, url: str, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self.written = 0
        self.deleted = 0
        self._url = url
        self._patience_seconds = patience_seconds
        self._connection: psycopg.Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def load(self, rows: Rows) -> None:
        """All of them or, if it raises, none. An empty answer says nothing, so nothing goes."""
        if not rows.rows:
            return
        deadline = time.monotonic() + self._patience_seconds
        while True:
            try:
                self._load(rows)
            except psycopg.OperationalError as error:
                self._close()
                if time.monotonic() > deadline:
                    raise PostgresUnavailable(f"PostgreSQL does not answer: {error}") from None
                log.warning("PostgreSQL does not answer; trying again.")
            except psycopg.Error as error:
                raise NeedsAttention(f"PostgreSQL refuses rows of {rows.table.relation}: {error}") from error
            else:
                return
            time.sleep(RETRY_SECONDS)

    def _load(self, rows: Rows) -> None:
        table, about = rows.table, {"symbol": rows.symbol, "polled_at": rows.polled_at}
        connection = self._open()
        with connection.transaction(), connection.cursor() as cursor:
            cursor.executemany(upsert(table), rows.rows)
            written = cursor.rowcount
            cursor.execute(f"delete from {table.relation} where {table.forgotten}".encode(), about)
            deleted = cursor.rowcount
        self.written += written
        self.deleted += deleted

    def _open(self) -> psycopg.Connection:
        if self._connection is None:
            self._connection = _connected(self._url)
        return self._connection

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def make_tables(url: str) -> None:
    """Make the tables that are missing."""
    try:
        _connected(url).close()
    except psycopg.OperationalError as error:
        raise PostgresUnavailable(f"PostgreSQL does not answer: {error}") from None
    except psycopg.Error as error:
        raise NeedsAttention(f"Cannot make the tables in PostgreSQL: {error}") from error


def _connected(url: str) -> psycopg.Connection:
    """With the tables there."""
    connection = psycopg.connect(url, autocommit=True, connect_timeout=10)
    # Looked at first: `alter table`, also one that changes nothing, waits for whoever reads the table.
    if connection.execute("select to_regclass('binance.candles')").fetchone() == (None,):
        with connection.transaction():
            connection.execute(DEFINITIONS.read_bytes())
    return connection


def upsert(table: Table) -> bytes:
    """Rows that would not change are left alone: no change is captured where there is none."""
    columns, others = ", ".join(table.columns), table.columns[len(table.key) :]
    places = ", ".join(["%s"] * len(table.columns))
    changes = ", ".join(f"{column} = excluded.{column}" for column in others)
    before, after = (", ".join(f"{row}.{column}" for column in others) for row in ("held", "excluded"))
    return (
        f"insert into {table.relation} as held ({columns}) values ({places}) "
        f"on conflict ({', '.join(table.key)}) do update set {changes} "
        f"where ({before}) is distinct from ({after})"
    ).encode()
