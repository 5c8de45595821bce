"""The topic table: one row per topic. Raw tables, assets, sensor, checks and docs derive from it.

A new feed is a source file, a row here and a staging folder in dbt_project/.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from ingest.core.errors import SettingsInvalid

SELDOM = timedelta(days=365)
"""For a topic that gets something when there is something to tell: quiet is no fault."""

StartFrom = Literal["earliest", "latest"] | datetime


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic and how it is landed."""

    name: str
    raw_table: str
    description: str
    key: str = "symbol"
    partitions: int = 2
    fresh_within: timedelta = timedelta(minutes=2)
    """A quiet feed older than this is late: the freshness check warns."""
    kafka_retention: timedelta = timedelta(days=2)
    raw_retention: timedelta = timedelta(days=7)
    """How long landed messages stay in the raw table: as far back as marts can be rebuilt."""
    start_from: StartFrom = "earliest"
    """Where a topic that has never been landed begins."""

    def __post_init__(self) -> None:
        if isinstance(self.start_from, datetime) and self.start_from.tzinfo != UTC:
            raise ValueError(f"{self.name}: start_from wants a UTC time, not {self.start_from!r}")


TOPICS: tuple[Topic, ...] = (
    Topic(
        name="binance.trades",
        raw_table="binance_trades",
        description="Every trade of Binance spot, as the `trade` stream sends it.",
    ),
    Topic(
        name="binance.depth",
        raw_table="binance_depth",
        description="Order-book changes (`depthUpdate`) and REST depth snapshots of Binance spot, in one "
        "topic so that a symbol's snapshot and changes keep their order.",
    ),
    Topic(
        name="binance.book_tickers",
        raw_table="binance_book_tickers",
        description="Best bid and ask of Binance spot, as the `bookTicker` stream sends them.",
    ),
    Topic(
        name="binance.agg_trades",
        raw_table="binance_agg_trades",
        description="What one order took at one price on Binance: the `aggTrade` stream, or REST.",
        fresh_within=SELDOM,
    ),
    Topic(
        name="binance.klines",
        raw_table="binance_klines",
        description="Binance's own one-minute candles: the `kline_1m` stream, or REST.",
        fresh_within=SELDOM,
    ),
    Topic(
        name="binance.tickers",
        raw_table="binance_tickers",
        description="Binance's figures of the last 24 hours, rolling: the `ticker` stream, or REST.",
        fresh_within=SELDOM,
    ),
    Topic(
        name="binance.prices",
        raw_table="binance_prices",
        description="The last price of every pair on Binance, from REST.",
        fresh_within=SELDOM,
    ),
    Topic(
        name="coinbase.books",
        raw_table="coinbase_books",
        description="Order books of Coinbase Exchange: a snapshot, then changes.",
        fresh_within=SELDOM,
    ),
    Topic(
        name="coinbase.trades",
        raw_table="coinbase_trades",
        description="Every trade of Coinbase Exchange (`match`).",
        fresh_within=SELDOM,
    ),
    Topic(
        name="kraken.books",
        raw_table="kraken_books",
        description="Order books of Kraken: a snapshot, then changes, with how each checksum fared.",
        fresh_within=SELDOM,
    ),
    Topic(
        name="kraken.trades",
        raw_table="kraken_trades",
        description="Trades of Kraken, several to a message.",
        fresh_within=SELDOM,
    ),
    Topic(
        name="replay.ohlcv",
        raw_table="replay_ohlcv",
        description="Bars from CSV files: a row each, its cells as the file has them.",
        fresh_within=SELDOM,
    ),
    Topic(
        name="replay.second_books",
        raw_table="replay_second_books",
        description="One-second order books from CSV files, 15 levels a side by their distance to mid.",
        fresh_within=SELDOM,
    ),
    Topic(
        name="simulated.ticks",
        raw_table="simulated_ticks",
        description="Best bid and ask of energy markets, made up, with numbers that grow per symbol.",
        fresh_within=SELDOM,
    ),
    Topic(
        name="cdc.binance.prices",
        raw_table="cdc_binance_prices",
        description="Each change of the table of last prices, in Debezium's envelope.",
        key="primary key",
        fresh_within=SELDOM,
    ),
    Topic(
        name="cdc.binance.stats",
        raw_table="cdc_binance_stats",
        description="Each change of the table of 24-hour figures, in Debezium's envelope.",
        key="primary key",
        fresh_within=SELDOM,
    ),
    Topic(
        name="cdc.binance.books",
        raw_table="cdc_binance_books",
        description="Each change of the table of order books, in Debezium's envelope.",
        key="primary key",
        fresh_within=SELDOM,
    ),
    Topic(
        name="cdc.binance.trades",
        raw_table="cdc_binance_trades",
        description="Each change of the table of recent trades, in Debezium's envelope.",
        key="primary key",
        fresh_within=SELDOM,
    ),
    Topic(
        name="cdc.binance.candles",
        raw_table="cdc_binance_candles",
        description="Each change of the table of one-minute candles, in Debezium's envelope.",
        key="primary key",
        fresh_within=SELDOM,
    ),
    Topic(
        name="feeds.events",
        raw_table="feeds_events",
        description="What live feeds say of themselves: connected, disconnected, silent; and frames that "
        "belong to no topic, verbatim.",
        key="venue",
        fresh_within=SELDOM,
    ),
)

BY_NAME: dict[str, Topic] = {topic.name: topic for topic in TOPICS}
BY_RAW_TABLE: dict[str, Topic] = {topic.raw_table: topic for topic in TOPICS}


def find_topics(names: Sequence[str] | None) -> tuple[Topic, ...]:
    """Rows of the table by name; all of them if none is named."""
    unknown = [name for name in names or () if name not in BY_NAME]
    if unknown:
        raise SettingsInvalid(
            f"There is no topic {', '.join(unknown)} in the topic table. It has: {', '.join(BY_NAME)}."
        )
    return tuple(BY_NAME[name] for name in names) if names else TOPICS
