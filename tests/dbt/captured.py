"""Two tables of a PostgreSQL that is made up: what Debezium would send of them, and what they were.

committed changes ─▶ envelopes, tombstones ─▶ twice, late, in any order ─▶ records
        └──────────▶ versions: plain Python's answer
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import NamedTuple

from tests.dbt.feeds import START
from tests.dbt.log import Record, as_record
from tests.dbt.trial import Trial

TABLES = ("prices", "books")
KEYS = {"prices": ("symbol",), "books": ("symbol", "side", "price")}
SYMBOLS = ("A", "B", "C")
EPOCH_US = int(START.timestamp() * 1_000_000)


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a row, or (`t`) of its whole table."""

    table: str
    op: str
    lsn: int
    key: str | None
    row: Mapping[str, object] | None
    at_us: int
    is_snapshot: bool = False


class Version(NamedTuple):
    """What the history must say of one row's version."""

    key: str
    lsn: int
    number: int
    valid_from_us: int
    valid_to_us: int | None
    ended_by: str | None


@dataclass(slots=True)
class MadeUpDatabase:
    """Every step is a transaction, or something worse."""

    random: Random
    changes: list[Change] = field(default_factory=list)
    _rows: dict[str, dict[str, Mapping[str, object]]] = field(
        default_factory=lambda: {table: {} for table in TABLES}
    )
    _lsn: int = 1000
    _number: int = 0

    def step(self) -> None:
        table, chance = self.random.choice(TABLES), self.random.random()
        if chance < 0.03:
            self._rows[table].clear()
            self._told(table, "t", None, None)
        elif chance < 0.08:
            self._read_again()
        else:
            for _ in range(self.random.randint(1, 4)):
                self._change(table)
        self._lsn += self.random.randrange(100)

    def _change(self, table: str) -> None:
        self._number += 1
        symbol, side = self.random.choice(SYMBOLS), self.random.choice(("bid", "ask"))
        row: dict[str, object] = {"symbol": symbol, "polled_at": "2026-01-01T00:00:00.5Z"}
        row["price"] = f"{self._number}.0000000000" if table == "prices" else "7.0000000000"
        if table == "books":
            row |= {"side": side, "quantity": f"{self._number}.0000000000", "last_update_id": self._number}
        key = json.dumps({column: row[column] for column in KEYS[table]})
        held = self._rows[table]
        if key in held and self.random.random() < 0.4:
            del held[key]
            self._told(table, "d", key, None)
        else:
            op = "u" if key in held else "c"
            held[key] = row
            self._told(table, op, key, row)

    def _read_again(self) -> None:
        """The slot was lost: some deletes are never told, and each row that is left is read as it is."""
        lsn = self._lsn = self._lsn + 50
        for table in TABLES:
            held = self._rows[table]
            for key in [key for key in held if self.random.random() < 0.3]:
                del held[key]
            for key, row in held.items():
                self.changes.append(Change(table, "r", lsn, key, row, EPOCH_US + lsn, is_snapshot=True))

    def _told(self, table: str, op: str, key: str | None, row: Mapping[str, object] | None) -> None:
        self._lsn += self.random.randint(1, 40)
        self.changes.append(Change(table, op, self._lsn, key, row, EPOCH_US + self._lsn))


def versions(changes: list[Change], table: str) -> list[Version]:
    """By the rule, one row after the other."""
    own = [change for change in changes if change.table == table]
    clearances = {
        change.lsn: ("truncate" if change.op == "t" else "missing", change.at_us)
        for change in own
        if change.op == "t" or change.is_snapshot
    }
    found = []
    for key in {change.key for change in own if change.key is not None}:
        of_row = sorted((change for change in own if change.key == key), key=lambda change: change.lsn)
        for change, following in zip(of_row, [*of_row[1:], None], strict=True):
            if change.row is None:
                continue
            until = following.lsn if following else float("inf")
            between = [lsn for lsn in sorted(clearances) if change.lsn < lsn < until]
            ended_by, valid_to_us = None, None
            if between:
                ended_by, valid_to_us = clearances[between[0]]
            elif following:
                ended_by = {"d": "delete", "r": "reread"}.get(following.op, "update")
                valid_to_us = following.at_us
            number = change.row["price" if table == "prices" else "quantity"]
            found.append(
                Version(key, change.lsn, int(float(str(number))), change.at_us, valid_to_us, ended_by)
            )
    return sorted(found, key=lambda version: (version.key, version.lsn))


def records(changes: list[Change], random: Random) -> Iterator[tuple[str, Record]]:
    """As they stand in the topics: some twice, all in any order, a tombstone behind each delete."""
    sent = [change for change in changes for _ in range(1 + (random.random() < 0.2))]
    random.shuffle(sent)
    offset = 0
    for change in sent:
        messages = [envelope(change), None] if change.op == "d" else [envelope(change)]
        for payload in messages:
            offset += random.randint(1, 2)
            at = START + timedelta(seconds=4 * offset)
            record = as_record(payload, offset % 2, offset, at)
            yield f"cdc.binance.{change.table}", {**record, "headers": [], "key": change.key}


def envelope(change: Change) -> bytes:
    """Debezium's, as far as it says something."""
    source = {
        "ts_us": change.at_us,
        "snapshot": "true" if change.is_snapshot else "false",
        "table": change.table,
        "txId": 7,
        "lsn": change.lsn,
    }
    before = change.row if change.op in ("u", "d") else None
    body = {"before": before, "after": change.row, "source": source, "op": change.op, "ts_ms": 1}
    return json.dumps(body).encode()


def land_changes(trial: Trial) -> None:
    """Some of everything."""
    database = MadeUpDatabase(Random(2))
    for _ in range(10):
        database.step()
    for topic, record in records(database.changes, database.random):
        trial.land(topic, [record])
