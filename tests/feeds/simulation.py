"""Runs of the simulated exchange, taken apart."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any, NamedTuple

from ingest.core.message import Message
from ingest.feeds.simulated import (
    SYMBOLS,
    RateClock,
    SimulatedExchange,
)
from ingest.feeds.simulated.exchange import DEFAULT_TOPICS

START = datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC)
START_MS = int(START.timestamp() * 1000)
EVERY_CHANNEL: Mapping[str, str] = {
    **DEFAULT_TOPICS,
    "agg_trade": "binance.agg_trades",
    "kline_1m": "binance.klines",
    "ticker_24h": "binance.tickers",
}


class Seen(NamedTuple):
    """A message as a consumer sees it."""

    channel: str
    symbol: str
    received_ns: int
    payload: bytes

    @property
    def body(self) -> dict[str, Any]:
        return json.loads(self.payload)


def exchange(
    messages_per_second: float, seed: int = 7, topics: Mapping[str, str] = DEFAULT_TOPICS
) -> SimulatedExchange:
    return SimulatedExchange(RateClock(START, messages_per_second), seed, SYMBOLS, topics)


def run(
    count: int, messages_per_second: float, seed: int = 7, topics: Mapping[str, str] = DEFAULT_TOPICS
) -> list[Seen]:
    return list(seen(islice(exchange(messages_per_second, seed, topics).messages(), count)))


def seen(messages: Iterable[Message]) -> Iterator[Seen]:
    for message in messages:
        headers = dict(message.headers)
        assert headers["venue"] == b"simulated"
        assert headers["symbol"] == message.key
        assert message.payload is not None
        yield Seen(
            headers["channel"].decode(), message.key.decode(), int(headers["received_at"]), message.payload
        )
