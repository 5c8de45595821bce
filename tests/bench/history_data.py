"""A history as if it had been drained: raw rows with Binance's payloads, made up inside DuckDB.

Row n of a topic is the same in every history. One in a hundred trades is a day late. Depth has books in it,
with a snapshot now and then: book_data.py.
"""

from dataclasses import dataclass

import duckdb

from tests.bench.book_data import land_messages

SYMBOLS = ("BTCUSDT", "ETHUSDT", "BNBUSDT", "SOLUSDT", "ADAUSDT")
START = "epoch_us(timestamp '2026-01-01')"
BATCH_ROWS = 10_000
LATE_US = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Feed:
    """How a topic's payloads are made from n, symbol and event_us."""

    topic: str
    raw_table: str
    payload: str


FEEDS = (
    Feed(
        "binance.trades",
        "binance_trades",
        """format('{{"e":"trade","E":{},"s":"{}","t":{},"p":"{:.8f}","q":"{:.8f}","T":{},"m":{},"M":true}}',
            event_us // 1000 + 1, symbol, n, price, (1 + hash(n) % 99991) / 1e5, event_us // 1000,
            case when hash(n + 1) % 2 = 0 then 'true' else 'false' end)""",
    ),
    Feed(
        "binance.book_tickers",
        "binance_book_tickers",
        """format('{{"u":{},"s":"{}","b":"{:.8f}","B":"{:.8f}","a":"{:.8f}","A":"{:.8f}"}}',
            n, symbol, price, (1 + hash(n) % 99991) / 1e4, price + 0.5, (1 + hash(n + 1) % 99991) / 1e4)""",
    ),
)
DEPTH_SHARE = 20
"""A history of n rows has n / 20 messages of depth, of twenty levels each."""


def land_history(connection: duckdb.DuckDBPyConnection, first: int, end: int, per_hour: float) -> None:
    """Rows [first, end) of every topic."""
    for feed in FEEDS:
        land_rows(connection, feed, first, end, per_hour)
    land_messages(
        connection,
        first // DEPTH_SHARE,
        end // DEPTH_SHARE,
        step_us=round(3_600_000_000 * DEPTH_SHARE / per_hour),
        batch_messages=BATCH_ROWS // DEPTH_SHARE,
    )


def land_rows(
    connection: duckdb.DuckDBPyConnection, feed: Feed, first: int, end: int, per_hour: float
) -> None:
    """Rows [first, end) of a topic, in batches as the loop would have landed them."""
    (newest,) = _one(connection, "select coalesce(max(batch_id), 0) from ops.batches")
    (landed_at,) = _one(connection, "select now()::timestamp")
    batch = f"{newest} + 1 + (n - {first}) // {BATCH_ROWS}"
    connection.execute(
        f"""insert into ops.batches (batch_id, kind, topic, committed_at)
            select distinct {batch}, 'landing', '{feed.topic}', ?::timestamp
            from range({first}, {end}, {BATCH_ROWS}) as made(n)""",
        [landed_at],
    )
    step_us = 3_600_000_000 / per_hour
    connection.execute(
        f"""with numbered as (
                select n, (hash(n * 3) % {len(SYMBOLS)})::integer as symbol_number,
                    {START} + (n * {step_us})::bigint as published_us
                from range({first}, {end}) as made(n)
            ), events as (
                select n, symbol_number, published_us,
                    {list(SYMBOLS)}[symbol_number + 1] as symbol,
                    published_us - 5000 - case when n % 100 = 37 then {LATE_US} else 0 end as event_us,
                    round((5 - symbol_number) * 1000 + 50 * sin(n / 5000) + hash(n * 7) % 1009 / 100, 2)
                        as price
                from numbered
            )
            insert into raw.{feed.raw_table}
            select '{feed.topic}', 1, symbol_number % 2, n, symbol, null, make_timestamp(published_us),
                make_timestamp(published_us - 2000),
                [{{'name': 'venue', 'value': 'binance', 'value_bytes': null::blob}},
                 {{'name': 'symbol', 'value': symbol, 'value_bytes': null::blob}},
                 {{'name': 'received_at', 'value': ((published_us - 2000) * 1000)::varchar,
                   'value_bytes': null::blob}}],
                {feed.payload}, null, make_timestamp(published_us + 1000000), {batch}
            from events""",
    )


def _one(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple:
    row = connection.execute(sql).fetchone()
    assert row is not None
    return row
