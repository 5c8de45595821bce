"""Old klines and aggregated trades, page after page, through the same topics as the live ones.

klines      from a time to a time, 1,000 a page, the next page from the last open time on
aggTrades   from an id to an id, 1,000 a page
"""

import json
from collections.abc import Generator, Mapping
from datetime import datetime

from ingest.core.message import Message
from ingest.feeds.binance.markets import Market
from ingest.feeds.binance.polls import Answer, answered
from ingest.feeds.binance.rest import RETRY_SECONDS, BinanceRest
from ingest.feeds.transport.outlet import Outlet, in_background

PAGE = 1000
KLINE_WEIGHT, AGG_TRADE_WEIGHT = 5, 20
MINUTE_MS = 60_000


class BinanceBackfill:
    """What `klines` and `agg_trades` give is a finite feed."""

    def __init__(
        self, market: Market, symbol: str, rest_retry_seconds: tuple[float, float] = RETRY_SECONDS
    ) -> None:
        self._market = market
        self._symbol = symbol
        self._rest_retry_seconds = rest_retry_seconds

    def klines(self, since: datetime, until: datetime) -> Generator[Message]:
        """One-minute klines that begin in [since, until)."""

        async def run(outlet: Outlet) -> None:
            first, last = int(since.timestamp() * 1000), int(until.timestamp() * 1000) - 1
            async with BinanceRest(self._market, self._rest_retry_seconds) as rest:
                while first <= last:
                    question = {"interval": "1m", "startTime": first, "endTime": last}
                    page = await self._page(rest, "klines", "kline_1m_rest", question, KLINE_WEIGHT)
                    for message in page:
                        await outlet.put(message)
                    if len(page) < PAGE:
                        return
                    first = int(json.loads(page[-1].payload or b"")[0]) + MINUTE_MS

        return in_background(run)

    def agg_trades(self, first_id: int, last_id: int) -> Generator[Message]:
        """Aggregated trades by their ids, both included."""

        async def run(outlet: Outlet) -> None:
            following = first_id
            async with BinanceRest(self._market, self._rest_retry_seconds) as rest:
                while following <= last_id:
                    question = {"fromId": following}
                    page = await self._page(rest, "aggTrades", "agg_trade_rest", question, AGG_TRADE_WEIGHT)
                    ids = [int(json.loads(message.payload or b"")["a"]) for message in page]
                    for message, found in zip(page, ids, strict=True):
                        if found <= last_id:
                            await outlet.put(message)
                    if not ids:
                        return
                    following = ids[-1] + 1

        return in_background(run)

    async def _page(
        self, rest: BinanceRest, question: str, channel: str, about: Mapping[str, str | int], weight: int
    ) -> list[Message]:
        frame = await rest.get(question, {"symbol": self._symbol, "limit": PAGE, **about}, weight)
        return answered(self._market.venue, Answer(channel, self._symbol, frame))
