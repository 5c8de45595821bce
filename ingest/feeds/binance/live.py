"""Binance, live: combined streams, and a REST snapshot of each book whenever it needs one.

sockets, some streams each ─▶ addresses ─▶ outlet ─▶ messages()
          depth changes ─▶ books: a gap? ─▶ REST ─┘
"""

import asyncio
from collections.abc import Generator, Sequence

from ingest.core.message import Message
from ingest.core.settings import Settings
from ingest.feeds.binance.addresses import Addresses
from ingest.feeds.binance.books import Book
from ingest.feeds.binance.channels import STREAM_OF_CHANNEL, TOPIC_OF_CHANNEL
from ingest.feeds.binance.markets import Market, market_of
from ingest.feeds.binance.rest import RETRY_SECONDS, BinanceRest
from ingest.feeds.frame import Frame
from ingest.feeds.transport.events import feed_event, unaddressed
from ingest.feeds.transport.outlet import Outlet, in_background
from ingest.feeds.transport.socket import Endpoint, Endurance, LastingSocket

STREAMS_PER_SOCKET = 200
"""What futures allow; spot allows more."""
SNAPSHOT_LEVELS = 1000
SNAPSHOTS_AT_ONCE = 4
SNAPSHOT_PAUSE_SECONDS = 0.2


class BinanceLive:
    """A Source: channels of symbols of one market, for ever."""

    def __init__(
        self,
        market: Market,
        symbols: Sequence[str],
        channels: Sequence[str],
        endurance: Endurance | None = None,
        rest_retry_seconds: tuple[float, float] = RETRY_SECONDS,
    ) -> None:
        self._market = market
        self._symbols = list(symbols)
        self._channels = list(channels)
        self._endurance = endurance or Endurance()
        self._rest_retry_seconds = rest_retry_seconds

    def messages(self) -> Generator[Message]:
        return in_background(self._run)

    async def _run(self, outlet: Outlet) -> None:
        async with (
            BinanceRest(self._market, self._rest_retry_seconds) as rest,
            asyncio.TaskGroup() as tasks,
        ):
            symbols = self._symbols if "depth" in self._channels else []
            session = Session(self._market, rest, outlet, symbols)
            for endpoint in self.endpoints():
                tasks.create_task(session.socket(endpoint, self._endurance).run())
            for _ in range(min(SNAPSHOTS_AT_ONCE, len(symbols))):
                tasks.create_task(session.take_snapshots())

    def endpoints(self) -> list[Endpoint]:
        """Streams are named in the URL, so that a new connection has them all at once."""
        streams = [
            f"{symbol.lower()}@{STREAM_OF_CHANNEL[channel]}"
            for symbol in self._symbols
            for channel in self._channels
        ]
        groups = [streams[i : i + STREAMS_PER_SOCKET] for i in range(0, len(streams), STREAMS_PER_SOCKET)]
        base = self._market.stream_url.rstrip("/")
        return [
            Endpoint(
                f"{self._market.venue}/{number}",
                f"{base}/stream?streams={'/'.join(group)}",
                self._market.stream_setting,
            )
            for number, group in enumerate(groups)
        ]


class Session:
    """One run: the books as they stand, and who needs a snapshot."""

    def __init__(self, market: Market, rest: BinanceRest, outlet: Outlet, symbols: Sequence[str]) -> None:
        self._market = market
        self._rest = rest
        self._outlet = outlet
        self._addresses = Addresses(market.venue)
        self._books = {symbol.encode(): Book() for symbol in symbols}
        self._wanted: asyncio.Queue[bytes] = asyncio.Queue()

    def socket(self, endpoint: Endpoint, endurance: Endurance) -> LastingSocket:
        async def tell(kind: str, detail: str) -> None:
            await self._outlet.put(feed_event(self._market.venue, kind, endpoint.name, detail))
            if kind == "connected":
                self._want_snapshots()

        return LastingSocket(endpoint, self._take, tell, endurance)

    async def take_snapshots(self) -> None:
        """For ever: the answer goes out once the changes that came go on from it."""
        while True:
            key = await self._wanted.get()
            symbol = key.decode()
            question = {"symbol": symbol, "limit": SNAPSHOT_LEVELS}
            frame = await self._rest.get("depth", question, self._market.depth_weight)
            if self._books[key].accepts(frame.payload):
                await self._outlet.put(self._addresses.of_snapshot(symbol, frame))
            else:
                await asyncio.sleep(SNAPSHOT_PAUSE_SECONDS)
                self._wanted.put_nowait(key)

    async def _take(self, frame: Frame) -> None:
        message = self._addresses.of_stream(frame)
        if message is None:
            await self._outlet.put(unaddressed(self._market.venue, frame))
            return
        await self._outlet.put(message)
        if message.topic == TOPIC_OF_CHANNEL["depth"] and (book := self._books.get(message.key)):
            book.change(frame.payload)
            self._want(message.key, book)

    def _want_snapshots(self) -> None:
        """Also of books that do not move."""
        for key, book in self._books.items():
            self._want(key, book)

    def _want(self, key: bytes, book: Book) -> None:
        if book.wants_snapshot:
            book.wants_snapshot = False
            self._wanted.put_nowait(key)


def open_live(
    settings: Settings, symbols: Sequence[str], channels: Sequence[str], *, is_futures: bool
) -> BinanceLive:
    """The feed as the settings have it."""
    return BinanceLive(market_of(settings, is_futures=is_futures), symbols, channels)
