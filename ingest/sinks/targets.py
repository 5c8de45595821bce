"""Which marts go to which sink, under which names: one table.

How a target follows its mart:

    rows     each row of a table
    latest   per market the newest row only, re-read from the mart whenever something of that market changed
    whole    all of a view that has a bounded number of rows, whenever they are other than they were
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Literal

from ingest.core.errors import SettingsInvalid
from ingest.core.settings import Settings

MARKET = ("venue", "symbol")


@dataclass(frozen=True, slots=True)
class Target:
    """A mart in a store."""

    mart: str
    name: str
    """In the store."""
    key: tuple[str, ...]
    """Whose rows are deleted and inserted together: where it follows rows, the mart's affected key."""
    follows: Literal["rows", "latest", "whole"] = "rows"
    newest_by: tuple[str, ...] = ()
    """Of `latest`: time first."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Names in the store by those in the mart; none: all, under their own names."""
    shown_as: str = ""
    """What its keys begin with in a store of keys; two targets may share them, each with its own fields."""
    only: Mapping[str, str] = field(default_factory=dict)
    """Only rows with these values."""
    ages_by: str | None = None
    keeps: timedelta | None = None
    """How long the store keeps rows; None: for ever."""

    def layout(self, schema: str) -> str:
        """Changes whenever the store would hold something else of the same mart."""
        same_rows = replace(self, keeps=None)
        return hashlib.md5(f"{same_rows} {schema}".encode(), usedforsecurity=False).hexdigest()[:12]


OF_BOOKS = (*MARKET, "epoch")

POSTGRES = (
    Target("fct_trades", "trades", (*MARKET, "trade_id", "landed_batch_id"), ages_by="event_at",
           keeps=timedelta(days=30)),
    Target("fct_quotes", "quotes", (*MARKET, "update_id", "landed_batch_id"), ages_by="aged_at",
           keeps=timedelta(days=7)),
    Target("fct_candles_1m", "candles_1m", (*MARKET, "window_start_at"), ages_by="window_start_at"),
    Target("fct_vwap_session", "vwap_session", (*MARKET, "window_start_at"), ages_by="session_start_at"),
    Target("fct_vwap_rolling_1m", "vwap_rolling_1m", (*MARKET, "window_start_at"),
           ages_by="rolling_start_at"),
    Target("fct_book_top", "book_tops", (*OF_BOOKS, "sequence"), ages_by="aged_at", keeps=timedelta(days=7)),
    Target("fct_book_ladder_1s", "book_ladders_1s", (*OF_BOOKS, "window_start_at"), ages_by="window_start_at",
           keeps=timedelta(days=7)),
    Target("fct_rejected_records", "rejected_records",
           ("kafka_topic", "topic_life", "kafka_partition", "first_offset"), follows="whole"),
    Target("fct_feed_gaps", "feed_gaps", (*MARKET, "kind", "first_missing"), follows="whole"),
    # The five tables of seed 002, as the captured changes leave them.
    Target("fct_cdc_prices_current", "crypto_prices", MARKET, follows="whole"),
    Target("fct_cdc_stats_current", "crypto_24h_stats", MARKET, follows="whole"),
    Target("fct_cdc_books_current", "crypto_order_book", (*MARKET, "side", "price"), follows="whole"),
    Target("fct_cdc_trades_current", "crypto_trades", (*MARKET, "trade_id"), follows="whole"),
    Target("fct_cdc_candles_current", "crypto_candles", (*MARKET, "window_start_at"), follows="whole"),
)  # fmt: skip


REDIS = (
    Target("fct_vwap_session", "vwap_session", MARKET, "latest", ("window_start_at",),
           {name: name for name in (
               "session_start_at", "window_start_at", "window_end_at", "vwap", "vwap_stddev",
               "lower_band_1", "upper_band_1", "lower_band_2", "upper_band_2", "lower_band_3", "upper_band_3",
               "twap", "volume", "notional", "trade_count")},
           shown_as="vwap", ages_by="session_start_at"),
    Target("fct_vwap_rolling_1m", "vwap_rolling", MARKET, "latest", ("window_start_at",),
           {"rolling_start_at": "rolling_start_at", "window_end_at": "rolling_window_end_at",
            **{f"{name}_{minutes}m": f"{name}_{minutes}m"
               for minutes in (5, 15, 60) for name in ("vwap", "twap", "volume")}},
           shown_as="vwap", ages_by="rolling_start_at"),
    Target("fct_candles_1m", "candle", MARKET, "latest", ("window_start_at",),
           {name: name for name in (
               "window_start_at", "window_end_at", "open", "high", "low", "close", "volume", "notional",
               "trade_count", "taker_buy_volume", "vwap")},
           ages_by="window_start_at"),
    Target("fct_book_top", "top", MARKET, "latest", ("aged_at", "epoch", "sequence"),
           {name: name for name in (
               "aged_at", "event_at", "received_at", "epoch", "sequence", "bid_price", "bid_quantity",
               "ask_price", "ask_quantity", "mid_price", "spread", "spread_bps", "weighted_mid",
               "imbalance")},
           ages_by="aged_at"),
    Target("fct_book_ladder", "ladder", MARKET, "latest", ("aged_at", "epoch", "sequence"),
           {name: name for name in (
               "aged_at", "event_at", "received_at", "epoch", "sequence", "landed_batch_id",
               *(f"{side}_{what}_{level:02}" for level in range(10) for side in ("bid", "ask")
                 for what in ("price", "quantity")))},
           ages_by="aged_at"),
)  # fmt: skip


def bars_by_time(venue_and_symbol: str) -> Target:
    """Seed 003's own form: `GET "vwap:2017-08-17 04:05:00"` answers with the VWAP of that minute's bars."""
    venue, _, symbol = venue_and_symbol.partition(":")
    if not venue or not symbol:
        raise SettingsInvalid(f"SINK_REDIS_BARS is {venue_and_symbol!r}: say venue:symbol, e.g. csv:BTCUSDT.")
    key = (*MARKET, "window_start_at")
    return Target(
        "fct_vwap_rolling_bars_ohlcv", "bars_by_time", key, columns={"typical_vwap": "typical_vwap"},
        only={"venue": venue, "symbol": symbol}, shown_as="vwap",
    )  # fmt: skip


def redis_targets(settings: Settings) -> tuple[Target, ...]:
    bars = settings.sink_redis_bars
    return (*REDIS, bars_by_time(bars)) if bars else REDIS
