"""Kraken, live: books with their checksum verified, and trades.

    {"channel":"book","type":"update","data":[{"symbol":"BTC/USD",...,"checksum":...}]}  ─▶  kraken.books
    {"channel":"trade",...}                                                              ─▶  kraken.trades

Each book message says in headers how its checksum fared, and which levels it pushed out of the depth that was
asked for: Kraken does not. A book that fails is of no use any more: the connection is given up, and the next
one begins with a snapshot.
"""

import json
import zlib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from ingest.core.errors import SettingsInvalid
from ingest.core.message import Message, feed_headers
from ingest.core.settings import Settings
from ingest.feeds.frame import Frame
from ingest.feeds.transport.events import feed_event
from ingest.feeds.transport.feed import CHECKSUM_FAILED, SocketFeed
from ingest.feeds.transport.socket import Endpoint, Endurance

Headers = tuple[tuple[str, bytes], ...]

VENUE = "kraken"
DEPTH = 10
CHECKED_LEVELS = 10


def kraken_live(settings: Settings, symbols: Sequence[str], endurance: Endurance | None = None) -> SocketFeed:
    """Books and trades of some symbols, such as BTC/USD."""
    wanted = (
        {"channel": "book", "symbol": list(symbols), "depth": DEPTH},
        {"channel": "trade", "symbol": list(symbols), "snapshot": False},
    )
    greetings = tuple(json.dumps({"method": "subscribe", "params": params}) for params in wanted)
    endpoint = Endpoint(f"{VENUE}/0", settings.kraken_stream_url, "KRAKEN_STREAM_URL", greetings)
    return SocketFeed(VENUE, endpoint, KrakenAddresses().address, is_heartbeat, endurance)


def is_heartbeat(payload: bytes) -> bool:
    return payload.startswith(b'{"channel":"heartbeat"')


class KrakenBook:
    """One symbol's best levels, as text: the checksum is of what was written."""

    def __init__(self) -> None:
        self._sides: dict[str, dict[Decimal, tuple[str, str]]] = {"bids": {}, "asks": {}}

    def apply(self, data: Mapping[str, Any], *, is_snapshot: bool) -> dict[str, list[str]]:
        """By side, the prices that fell out of the depth."""
        dropped: dict[str, list[str]] = {}
        for name, side in self._sides.items():
            if is_snapshot:
                side.clear()
            for level in data.get(name, ()):
                price = Decimal(level["price"])
                if Decimal(level["qty"]):
                    side[price] = (level["price"], level["qty"])
                else:
                    side.pop(price, None)
            beyond = sorted(side, reverse=name == "bids")[DEPTH:]
            dropped[name] = [side.pop(price)[0] for price in beyond]
        return dropped

    def checksum(self) -> int:
        """CRC32 over the best asks, low to high, then the best bids, high to low."""
        asks = sorted(self._sides["asks"])[:CHECKED_LEVELS]
        bids = sorted(self._sides["bids"], reverse=True)[:CHECKED_LEVELS]
        levels = [self._sides["asks"][price] for price in asks] + [self._sides["bids"][p] for p in bids]
        text = "".join(number.replace(".", "").lstrip("0") for level in levels for number in level)
        return zlib.crc32(text.encode())


class KrakenAddresses:
    """By channel and symbol; keeps the books to verify them."""

    def __init__(self) -> None:
        self._books: dict[str, KrakenBook] = {}

    def address(self, frame: Frame) -> Message | None:
        try:
            body = json.loads(frame.payload, parse_float=str, parse_int=str)
            if body.get("method") == "subscribe" or body.get("channel") == "status":
                return _answer(body, frame)
            kind, data = body["type"], body["data"][0]
            symbol = str(data["symbol"])
            if body["channel"] == "book":
                return _message("kraken.books", symbol, kind, frame, self._verify(symbol, kind, data))
            if body["channel"] == "trade":
                return _message("kraken.trades", symbol, "trade", frame)
        except (ValueError, KeyError, IndexError, TypeError, AttributeError, ArithmeticError):
            return None
        return None

    def _verify(self, symbol: str, kind: str, data: Mapping[str, Any]) -> Headers:
        book = self._books.setdefault(symbol, KrakenBook())
        dropped = book.apply(data, is_snapshot=kind == "snapshot")
        told = tuple(
            (f"dropped_{name}", json.dumps([[price, "0"] for price in prices]).encode())
            for name, prices in dropped.items()
            if prices
        )
        if "checksum" not in data:
            return (*told, ("checksum", b"absent"))
        is_right = int(data["checksum"]) == book.checksum()
        return (*told, ("checksum", b"ok") if is_right else CHECKSUM_FAILED)


def _answer(body: Mapping[str, Any], frame: Frame) -> Message:
    text = frame.payload.decode(errors="replace")
    if body.get("success") is False:
        raise SettingsInvalid(f"Kraken refuses a subscription: {text}")
    return feed_event(VENUE, "subscribed", f"{VENUE}/0", text)


def _message(topic: str, symbol: str, kind: str, frame: Frame, extra: Headers = ()) -> Message:
    headers = feed_headers(VENUE, symbol, kind, frame.received_ns)
    return Message(topic, symbol.encode(), frame.payload, (*headers, *extra))
