"""The tables of tables.sql as the loader needs to know them; a test holds the two together.

What the exchange does not tell any more goes: so the tables stay small, and every row in them is of the
last day. What they were is in the warehouse.
"""

from dataclasses import dataclass
from pathlib import Path

DEFINITIONS = Path(__file__).with_name("tables.sql")
SCHEMA = "binance"
NEWEST_TRADES = 500


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its columns, those of its key first, and what of it goes after an answer was loaded."""

    name: str
    key_count: int
    columns: tuple[str, ...]
    forgotten: str
    """SQL for the rows to delete, of %(symbol)s (NULL: of all) and older than %(polled_at)s."""

    @property
    def relation(self) -> str:
        return f"{SCHEMA}.{self.name}"

    @property
    def key(self) -> tuple[str, ...]:
        return self.columns[: self.key_count]


NOT_TOLD = "polled_at < %(polled_at)s and (symbol = %(symbol)s or %(symbol)s::text is null)"

PRICES = Table("prices", 1, ("symbol", "price", "polled_at"), NOT_TOLD)
STATS = Table(
    "stats",
    1,
    (
        *("symbol", "price_change", "price_change_pct", "vwap", "open", "high", "low", "close", "volume"),
        *("notional", "trade_count", "window_start_at", "window_end_at", "polled_at"),
    ),
    NOT_TOLD,
)
BOOKS = Table("books", 3, ("symbol", "side", "price", "quantity", "last_update_id", "polled_at"), NOT_TOLD)
TRADES = Table(
    "trades",
    2,
    ("symbol", "trade_id", "price", "quantity", "buyer_is_maker", "traded_at"),
    f"""symbol = %(symbol)s and (
        traded_at < %(polled_at)s - interval '1 day'
        or trade_id < (select min(trade_id) from (
            select trade_id from {SCHEMA}.trades where symbol = %(symbol)s
            order by trade_id desc limit {NEWEST_TRADES}) as newest))""",
)
CANDLES = Table(
    "candles",
    2,
    (
        *("symbol", "window_start_at", "open", "high", "low", "close", "volume", "notional"),
        *("taker_buy_volume", "taker_buy_notional", "trade_count"),
    ),
    "symbol = %(symbol)s and window_start_at < %(polled_at)s - interval '1 day'",
)
TABLES = (PRICES, STATS, BOOKS, TRADES, CANDLES)
