"""A warehouse with the marts that the board reads, and one minute after the other of a market."""

from datetime import datetime, timedelta

import duckdb

from ingest.board.questions import LEVELS, SIDES
from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse

NOON = datetime(2026, 1, 1, 12)  # noqa: DTZ001
KNOWN_AGAIN = 15
"""The second from which on a book is of another epoch."""
HOSTILE = '<img src=x onerror="window.harmed=1">'
PRICE = "decimal(38, 10)"
CANDLE = f"""venue varchar, symbol varchar, window_start_at timestamp, open {PRICE}, high {PRICE},
    low {PRICE}, close {PRICE}, volume {PRICE}, taker_buy_volume {PRICE}, vwap double, first_offset bigint,
    last_offset bigint, batch_id bigint"""
LADDER = ", ".join(
    f"{s}_price_{n:02d} {PRICE}, {s}_quantity_{n:02d} {PRICE}" for s in SIDES for n in range(LEVELS)
)
TABLES = {
    "fct_candles_1m": CANDLE,
    "fct_candles_1s": CANDLE,
    "fct_vwap_session": """venue varchar, symbol varchar, window_start_at timestamp,
        session_start_at timestamp, vwap double, twap double, lower_band_1 double, upper_band_1 double,
        lower_band_2 double, upper_band_2 double""",
    "fct_trades": f"""venue varchar, symbol varchar, trade_id bigint, event_at timestamp, price {PRICE},
        quantity {PRICE}, taker_side varchar""",
    "fct_book_ladder_1s": f"""venue varchar, symbol varchar, epoch bigint, sequence bigint,
        window_start_at timestamp, first_offset bigint, last_offset bigint, batch_id bigint, {LADDER}""",
    "fct_book_top": """venue varchar, symbol varchar, epoch bigint, sequence bigint, spread_bps double,
        imbalance double""",
    "fct_book_epochs": """venue varchar, symbol varchar, last_known_at timestamp, known_again_at timestamp,
        end_reason varchar, unknown_seconds double""",
    "fct_feed_gaps": """venue varchar, symbol varchar, kind varchar, gap_start_at timestamp,
        gap_end_at timestamp, missing_count bigint, state varchar""",
}


def make(warehouse: DuckDbWarehouse) -> None:
    with warehouse.open() as connection:
        connection.execute("create schema marts")
        for name, columns in TABLES.items():
            connection.execute(f"create table marts.{name} ({columns})")


def trade_minutes(connection: duckdb.DuckDBPyConnection, symbol: str, minutes: list[int]) -> None:
    for minute in minutes:
        at, price = NOON + timedelta(minutes=minute), 100 + minute
        connection.execute(
            "insert into marts.fct_candles_1m values ('binance', ?, ?, ?, ?, ?, ?, 2, 1, ?, 10, 20, 1)",
            [symbol, at, price, price + 2, price - 2, price + 1, price + 0.5],
        )
        connection.execute(
            "insert into marts.fct_vwap_session values ('binance', ?, ?, ?, ?, ?, 99, 101, 98, 102)",
            [symbol, at, NOON, price + 0.25, price],
        )


def know_book(connection: duckdb.DuckDBPyConnection, symbol: str, seconds: list[int]) -> None:
    for second in seconds:
        connection.execute(
            """insert into marts.fct_book_ladder_1s (venue, symbol, epoch, sequence, window_start_at,
                   bid_price_00, bid_quantity_00, ask_price_00, ask_quantity_00)
               values ('binance', ?, ?, ?, ?, 99.5, 3, 100.5, 4)""",
            [symbol, 1 + (second >= KNOWN_AGAIN), second, NOON + timedelta(seconds=second)],
        )
        connection.execute(
            "insert into marts.fct_book_top values ('binance', ?, ?, ?, ?, 0.5)",
            [symbol, 1 + (second >= KNOWN_AGAIN), second, 2 + second],
        )
