"""Binance by REST: five datasets, asked for again and again, or old ones once.

interval is over ─▶ question ─▶ answer ─▶ its elements, each a message ─▶ outlet
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ingest.core.message import Message, feed_headers
from ingest.feeds.binance.channels import TOPIC_OF_CHANNEL
from ingest.feeds.binance.markets import Market
from ingest.feeds.binance.rest import RETRY_SECONDS, BinanceRest
from ingest.feeds.frame import Frame
from ingest.feeds.transport.events import unaddressed
from ingest.feeds.transport.outlet import Outlet, in_background


@dataclass(frozen=True, slots=True)
class Dataset:
    """One question, and what becomes of the answer."""

    question: str
    channel: str
    weight: int
    seconds: float
    """How often it is asked."""
    parameters: Mapping[str, str | int]
    per_symbol: bool = True


DATASETS: Mapping[str, Dataset] = {
    "prices": Dataset("ticker/price", "price_rest", 4, 3600, {}, per_symbol=False),
    "stats": Dataset("ticker/24hr", "ticker_24h_rest", 80, 3600, {}, per_symbol=False),
    "books": Dataset("depth", "depth_snapshot", 50, 3600, {"limit": 1000}),
    "trades": Dataset("trades", "trade_rest", 25, 3600, {"limit": 1000}),
    "candles": Dataset("klines", "kline_1m_rest", 5, 6000, {"interval": "1m", "limit": 1000}),
}


class Answer(NamedTuple):
    """What came, and what was asked. Without a symbol: it is of all of them, and names each."""

    channel: str
    symbol: str | None
    frame: Frame


Take = Callable[[Answer], Awaitable[None]]


class BinancePolls:
    """A Source: datasets of one market. `seconds` overrules each one's own interval; 0: ask once."""

    def __init__(
        self,
        market: Market,
        symbols: Sequence[str],
        datasets: Sequence[str],
        seconds: float | None = None,
        rest_retry_seconds: tuple[float, float] = RETRY_SECONDS,
    ) -> None:
        self._market = market
        self._symbols = list(symbols)
        self._datasets = [DATASETS[name] for name in datasets]
        self._seconds = seconds
        self._rest_retry_seconds = rest_retry_seconds

    def messages(self) -> Generator[Message]:
        return in_background(self._run)

    async def _run(self, outlet: Outlet) -> None:
        async def put(answer: Answer) -> None:
            for message in answered(self._market.venue, answer):
                await outlet.put(message)

        await self.ask(put)

    async def ask(self, take: Take) -> None:
        """Every answer, as it comes."""
        async with (
            BinanceRest(self._market, self._rest_retry_seconds) as rest,
            asyncio.TaskGroup() as tasks,
        ):
            for dataset in self._datasets:
                tasks.create_task(self._poll(rest, take, dataset))

    async def _poll(self, rest: BinanceRest, take: Take, dataset: Dataset) -> None:
        seconds = dataset.seconds if self._seconds is None else self._seconds
        while True:
            for symbol in self._symbols if dataset.per_symbol else [None]:
                about = {} if symbol is None else {"symbol": symbol}
                frame = await rest.get(dataset.question, {**about, **dataset.parameters}, dataset.weight)
                await take(Answer(dataset.channel, symbol, frame))
            if not seconds:
                return
            await asyncio.sleep(seconds)


def answered(venue: str, answer: Answer) -> list[Message]:
    """The elements of an answer, each with its own bytes. Of all symbols: each names its own."""
    channel, symbol, frame = answer
    elements = [frame.payload] if channel == "depth_snapshot" else split_array(frame.payload)
    if elements is None:
        return [unaddressed(venue, frame)]
    return [_message(venue, channel, symbol, element, frame.received_ns) for element in elements]


def _message(venue: str, channel: str, symbol: str | None, element: bytes, received_ns: int) -> Message:
    name = symbol if symbol is not None else str(json.loads(element).get("symbol", ""))
    headers = feed_headers(venue, name, channel, received_ns)
    return Message(TOPIC_OF_CHANNEL[channel], name.encode(), element, headers)


def split_array(payload: bytes) -> list[bytes] | None:
    """The elements of a JSON array as they are written; None if it is none."""
    text, decoder = payload.decode(errors="replace"), json.JSONDecoder()
    place, elements = _skip(text, 0), []
    if text[place : place + 1] != "[":
        return None
    place = _skip(text, place + 1)
    try:
        while text[place] != "]":
            _, end = decoder.raw_decode(text, place)
            elements.append(text[place:end].encode())
            place = _skip(text, end)
            if text[place] == ",":
                place = _skip(text, place + 1)
    except (ValueError, IndexError):
        return None
    return elements


def _skip(text: str, place: int) -> int:
    """Over white space."""
    while place < len(text) and text[place] in " \t\r\n":
        place += 1
    return place
