"""The tables of tables.sql, and what of each goes: what the exchange does not tell any more.

So the tables stay small, and every row in them is of the last day. What they were is in the warehouse.
"""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

DEFINITIONS = Path(__file__).with_name("tables.sql")
SCHEMA = "binance"
NEWEST_TRADES = 500
_BODY = r"^create table if not exists {}\.{} \((.*?)^\);"
_KEY = re.compile(r"primary key \((.*)\)")


@dataclass(frozen=True)
class Table:
    """One table, and what of it goes after an answer was loaded."""

    name: str
    forgotten: str
    """SQL for the rows to delete, of %(symbol)s (NULL: of all) and older than %(polled_at)s."""

    @property
    def relation(self) -> str:
        return f"{SCHEMA}.{self.name}"

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """As tables.sql has them, in order."""
        return tuple(line.split()[0] for line in self._lines if not line.startswith("primary key"))

    @cached_property
    def key(self) -> tuple[str, ...]:
        for line in self._lines:
            if found := _KEY.match(line):
                return tuple(found[1].split(", "))
        return tuple(line.split()[0] for line in self._lines if "primary key" in line)

    @cached_property
    def _lines(self) -> list[str]:
        body = re.search(_BODY.format(SCHEMA, self.name), DEFINITIONS.read_text(), re.DOTALL | re.MULTILINE)
        assert body, f"{DEFINITIONS.name} has no {self.relation}"  # noqa: S101  (of our own text)
        return [line.strip() for line in body[1].strip().splitlines()]


NOT_TOLD = "polled_at < %(polled_at)s and (symbol = %(symbol)s or %(symbol)s::text is null)"

PRICES = Table("prices", NOT_TOLD)
STATS = Table("stats", NOT_TOLD)
BOOKS = Table("books", NOT_TOLD)
TRADES = Table(
    "trades",
    f"""symbol = %(symbol)s and (
        traded_at < %(polled_at)s - interval '1 day'
        or trade_id < (select min(trade_id) from (
            select trade_id from {SCHEMA}.trades where symbol = %(symbol)s
            order by trade_id desc limit {NEWEST_TRADES}) as newest))""",
)
CANDLES = Table("candles", "symbol = %(symbol)s and window_start_at < %(polled_at)s - interval '1 day'")
TABLES = (PRICES, STATS, BOOKS, TRADES, CANDLES)
