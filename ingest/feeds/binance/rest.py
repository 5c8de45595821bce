"""Binance's REST answers, asked for within its limits.

weight of this minute ─▶ ask ─▶ 200: the answer
                          ├──▶ 429, 418: wait as long as it says, then again
                          ├──▶ 5xx, no answer: wait, then again
                          └──▶ 403, 451, other 4xx: an error that says what to change
"""

import asyncio
import logging
import time
from collections.abc import Mapping

import httpx

from ingest.core.errors import SettingsInvalid
from ingest.feeds.binance.markets import Market
from ingest.feeds.frame import Frame
from ingest.feeds.transport.blocked import blocked, is_blocked

log = logging.getLogger(__name__)

TOO_MANY, BANNED = 429, 418
USED_WEIGHT = "x-mbx-used-weight-1m"
SHARE_WE_TAKE = 0.8
"""Others may ask from the same address."""
RETRY_SECONDS = (0.5, 60.0)
MINUTE_SECONDS = 60.0


class BinanceRest:
    """One market's REST, for one event loop. Close it, or use it in `async with`."""

    def __init__(self, market: Market, retry_seconds: tuple[float, float] = RETRY_SECONDS) -> None:
        self._market = market
        self._retry_seconds = retry_seconds
        headers = {"X-MBX-APIKEY": market.api_key.get_secret_value()} if market.api_key else None
        self._client = httpx.AsyncClient(base_url=market.rest_url, headers=headers, timeout=20.0)
        self._minute, self._used = 0, 0
        self._not_before = 0.0

    async def __aenter__(self) -> "BinanceRest":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def get(self, question: str, parameters: Mapping[str, str | int], weight: int) -> Frame:
        """The answer's own bytes, whenever they can be had."""
        wait, longest = self._retry_seconds
        while True:
            await self._wait_for_room(weight)
            try:
                answer = await self._client.get(f"{self._market.api}/{question}", params=dict(parameters))
            except httpx.TransportError as error:
                log.warning("%s: %s does not answer (%r).", self._market.rest_url, question, error)
            else:
                self._count(answer)
                if answer.status_code == httpx.codes.OK:
                    return Frame(time.time_ns(), answer.content)
                self._explain(question, parameters, answer)
            await asyncio.sleep(wait)
            wait = min(wait * 2, longest)

    async def _wait_for_room(self, weight: int) -> None:
        while True:
            now = time.time()
            if now // MINUTE_SECONDS != self._minute:
                self._minute, self._used = int(now // MINUTE_SECONDS), 0
            until = self._not_before
            if self._used and self._used + weight > self._market.weight_per_minute * SHARE_WE_TAKE:
                until = max(until, (self._minute + 1) * MINUTE_SECONDS)
            if until <= now:
                self._used += weight
                return
            await asyncio.sleep(until - now)

    def _count(self, answer: httpx.Response) -> None:
        """The venue counts what everybody at our address asks."""
        told = answer.headers.get(USED_WEIGHT, "")
        if told.isdigit():
            self._used = max(self._used, int(told))

    def _explain(self, question: str, parameters: Mapping[str, str | int], answer: httpx.Response) -> None:
        """Raise what asking again cannot mend; note how long to wait for the rest."""
        status, where = answer.status_code, f"{self._market.rest_url}{self._market.api}/{question}"
        if status in (TOO_MANY, BANNED):
            told = answer.headers.get("retry-after", "")
            seconds = float(told) if told.replace(".", "", 1).isdigit() else self._retry_seconds[1]
            self._not_before = time.time() + seconds
            log.warning("%s: HTTP %d, asked too often; waiting %g s.", where, status, seconds)
        elif is_blocked(status):
            raise blocked(where, status, self._market.rest_setting)
        elif status == httpx.codes.UNAUTHORIZED:
            raise SettingsInvalid(f"{where} wants a valid key: set BINANCE_API_KEY. {answer.text[:200]}")
        elif answer.is_client_error:
            raise SettingsInvalid(f"{where} {dict(parameters)}: HTTP {status}, {answer.text[:200]}")
        else:
            log.warning("%s: HTTP %d.", where, status)
