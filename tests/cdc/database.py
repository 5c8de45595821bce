"""A PostgreSQL that is written to, and a journal of what was committed: to hold history against."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

import psycopg
from psycopg.rows import dict_row

from ingest.feeds.change_data.tables import PRICES, TABLES, Table

START = datetime(2026, 1, 1, tzinfo=UTC)
Row = Mapping[str, object]
Connection = psycopg.Connection
Key = tuple[object, ...]


@dataclass(slots=True)
class Version:
    """A row as it stood, and what ended it."""

    row: Row
    ended_by: str | None = None


@dataclass(slots=True)
class Journal:
    """Every version of every row that was committed, in order, by table and key."""

    versions: dict[tuple[str, Key], list[Version]] = field(default_factory=dict)

    def change(self, table: Table, row: Row, *, how: str = "update") -> None:
        found = self.versions.setdefault((table.name, _key(table, row)), [])
        if found and found[-1].ended_by is None:
            found[-1].ended_by = how
        found.append(Version(row))

    def end(self, table: Table, row: Row, *, how: str = "delete") -> None:
        self.versions[table.name, _key(table, row)][-1].ended_by = how

    def end_all(self, table: Table, *, how: str) -> None:
        for (name, _), found in self.versions.items():
            if name == table.name and found[-1].ended_by is None:
                found[-1].ended_by = how


class Database:
    """Random transactions on the five tables, journalled when they are committed."""

    def __init__(self, url: str, seed: int) -> None:
        self.url = url
        self.journal = Journal()
        self._random = Random(seed)
        self._number = 0

    @contextmanager
    def connected(self) -> Iterator[Connection]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            yield connection

    def rows(self, table: Table) -> list[tuple[object, ...]]:
        with psycopg.connect(self.url) as connection:
            sql = f"select {', '.join(table.columns)} from {table.relation}"
            return connection.execute(sql.encode()).fetchall()

    def mark(self) -> str:
        """A change behind all others: when it has come, they have."""
        self._number += 1
        row = {"symbol": "MARKER", "price": Decimal(self._number), "polled_at": START}
        with self.connected() as connection:
            connection.execute(
                """insert into binance.prices values (%(symbol)s, %(price)s, %(polled_at)s)
                                  on conflict (symbol) do update set price = excluded.price""",
                row,
            )
        self.journal.change(PRICES, row)
        return f"{self._number}.0000000000"

    def work(self, connection: Connection, transactions: int) -> None:
        """Several changes each, often of the same row; now and then one is rolled back."""
        for _ in range(transactions):
            table = self._random.choice(TABLES)
            with connection.transaction() as transaction:
                steps = [self._step(connection, table) for _ in range(self._random.randint(1, 5))]
                if rolled_back := self._random.random() < 0.1:
                    raise psycopg.Rollback(transaction)
            if not rolled_back:
                for kind, row in filter(None, steps):
                    if kind == "delete":
                        self.journal.end(table, row)
                    else:
                        self.journal.change(table, row)

    def _step(self, connection: Connection, table: Table) -> tuple[str, Row] | None:
        row = self._row(table)
        if self._random.random() < 0.3:
            where = " and ".join(f"{column} = %({column})s" for column in table.key)
            sql = f"delete from {table.relation} where {where} returning *"
            gone = connection.cursor(row_factory=dict_row).execute(sql.encode(), row).fetchone()
            return ("delete", gone) if gone else None
        columns = ", ".join(table.columns)
        values = ", ".join(f"%({column})s" for column in table.columns)
        changes = ", ".join(f"{column} = excluded.{column}" for column in table.columns[len(table.key) :])
        sql = (
            f"insert into {table.relation} ({columns}) values ({values}) "
            f"on conflict ({', '.join(table.key)}) do update set {changes} returning *"
        )
        written = connection.cursor(row_factory=dict_row).execute(sql.encode(), row).fetchone()
        return None if written is None else ("write", written)

    def _row(self, table: Table) -> dict[str, object]:
        """Few keys, so that rows change often; no two versions alike."""
        self._number += 1
        place = self._random.randrange(4)
        row: dict[str, object] = {}
        for column in table.columns:
            row[column] = Decimal(self._number) + Decimal("0.0000000001")
            if column.endswith("_at"):
                row[column] = START + timedelta(microseconds=self._number)
            elif column.endswith(("_id", "_count")):
                row[column] = self._number
        words = {"symbol": f"SYMBOL{place}", "side": ("bid", "ask")[place % 2], "buyer_is_maker": place > 1}
        keys = {"trade_id": place, "window_start_at": START + timedelta(minutes=place), "price": place}
        row.update({column: word for column, word in words.items() if column in row})
        row.update({column: value for column, value in keys.items() if column in table.key})
        return row


def _key(table: Table, row: Row) -> Key:
    return tuple(row[column] for column in table.key)
