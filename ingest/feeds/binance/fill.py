"""Gaps that Binance's REST can fill: trades by their numbers, candles by their minutes.

fct_feed_gaps ─▶ Gap ─▶ question after question ─▶ the same topic, with a header `fills`
                                      └─ what the venue has not ─▶ a note `not_filled` (feeds.events)
"""

import json
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ingest.core.errors import SettingsInvalid
from ingest.core.message import Message
from ingest.core.settings import Settings
from ingest.feeds.binance.channels import FUTURES, TOPIC_OF_CHANNEL
from ingest.feeds.binance.markets import market_of
from ingest.feeds.binance.polls import Answer, answered
from ingest.feeds.binance.rest import RETRY_SECONDS, BinanceRest
from ingest.feeds.transport.events import feed_event
from ingest.feeds.transport.outlet import Outlet, in_background

PAGE = 1000
MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Gap:
    """Numbers that are missing, both ends included: an open row of fct_feed_gaps."""

    venue: str
    symbol: str
    kind: str
    first: int
    last: int

    def __str__(self) -> str:
        """As fct_feed_gaps looks for it in a note's detail."""
        return f"{self.kind} {self.symbol} {self.first} {self.last}"


@dataclass(frozen=True, slots=True)
class Question:
    """How a kind of gap is asked for, and which number an element of the answer has."""

    path: str
    channel: str
    weight: int
    parameters: Callable[[int, int], Mapping[str, str | int]]
    number: Callable[[Any], int]


QUESTIONS: Mapping[str, Question] = {
    "trade_ids": Question(
        "historicalTrades",
        "trade_rest",
        weight=25,
        parameters=lambda first, _: {"fromId": first},
        number=lambda trade: int(trade["id"]),
    ),
    "klines": Question(
        "klines",
        "kline_1m_rest",
        weight=5,
        parameters=lambda first, last: {
            "interval": "1m",
            "startTime": first * MINUTE_MS,
            "endTime": (last + 1) * MINUTE_MS - 1,
        },
        number=lambda kline: int(kline[0]) // MINUTE_MS,
    ),
}


class BinanceFill:
    """A finite Source. A gap that cannot be asked for does not keep the others from it."""

    def __init__(
        self,
        settings: Settings,
        gaps: Sequence[Gap],
        rest_retry_seconds: tuple[float, float] = RETRY_SECONDS,
    ) -> None:
        self._settings = settings
        self._gaps = gaps
        self._rest_retry_seconds = rest_retry_seconds

    def messages(self) -> Generator[Message]:
        return in_background(self._run)

    async def _run(self, outlet: Outlet) -> None:
        refused: list[SettingsInvalid] = []
        for is_futures in (False, True):
            market = market_of(self._settings, is_futures=is_futures)
            async with BinanceRest(market, self._rest_retry_seconds) as rest:
                for gap in self._gaps:
                    if (gap.venue == FUTURES) == is_futures:
                        try:
                            await _fill(rest, outlet, gap)
                        except SettingsInvalid as error:
                            refused.append(error)
        if refused:
            raise refused[0]


async def _fill(rest: BinanceRest, outlet: Outlet, gap: Gap) -> None:
    question = QUESTIONS[gap.kind]
    missing = set(range(gap.first, gap.last + 1))
    following = gap.first
    while missing and following <= gap.last:
        about = {"symbol": gap.symbol, "limit": PAGE, **question.parameters(following, gap.last)}
        frame = await rest.get(question.path, about, question.weight)
        found = {}
        for message in answered(gap.venue, Answer(question.channel, gap.symbol, frame)):
            if message.topic != TOPIC_OF_CHANNEL[question.channel]:
                # No list: it is kept as it came, and the gap stays open.
                await outlet.put(message)
                return
            found[question.number(json.loads(message.payload or b""))] = message
        for number in sorted(missing & found.keys()):
            await outlet.put(_filling(found[number], gap))
        missing -= found.keys()
        if max(found, default=0) < following:
            break
        following = max(found) + 1
    for first, last in _runs(missing):
        left = replace(gap, first=first, last=last)
        await outlet.put(feed_event(gap.venue, "not_filled", "rest", str(left)))


def _filling(message: Message, gap: Gap) -> Message:
    return message._replace(headers=(*message.headers, ("fills", str(gap).encode())))


def _runs(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Numbers without a break between them, as first and last."""
    runs: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if runs and runs[-1][1] == number - 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return runs
