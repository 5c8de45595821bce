"""The simulated exchange: several markets, one clock, one stream of messages.

pick a market ─▶ an event ─▶ its messages        each 100 ms ─▶ diffs, snapshots, klines
"""

from collections.abc import Iterator, Mapping, Sequence
from random import Random

from ingest.core.message import Message, feed_headers
from ingest.feeds.binance.channels import TOPIC_OF_CHANNEL
from ingest.feeds.simulated.clock import Clock
from ingest.feeds.simulated.market import Market, Sent
from ingest.feeds.simulated.standing import Standing
from ingest.feeds.simulated.symbols import DEFAULT_SYMBOLS, Symbol

SIMULATED = "simulated"
"""The venue of what is made up: its bytes are Binance's, its rows are never taken for Binance's."""

DEFAULT_TOPICS: Mapping[str, str] = {
    channel: TOPIC_OF_CHANNEL[channel] for channel in ("trade", "depth", "depth_snapshot", "book_ticker")
}
"""What it sends unless told otherwise; it can also send `agg_trade`, `kline_1m` and `ticker_24h`."""

DRIVING_CHANNELS = {"trade", "agg_trade", "book_ticker", "depth"}
BEAT_MS = 100
IDS_PER_SECOND = 1_000_000


class SimulatedExchange:
    """A Source that speaks as Binance spot does. The same arguments give the same bytes.

    `topics` names the channels to send, and where; `standings` where markets go on. The clock ticks once per
    message.
    """

    def __init__(
        self,
        clock: Clock,
        seed: int,
        symbols: Sequence[Symbol] = DEFAULT_SYMBOLS,
        topics: Mapping[str, str] = DEFAULT_TOPICS,
        *,
        venue: str = SIMULATED,
        standings: Mapping[str, Standing] | None = None,
    ) -> None:
        if not DRIVING_CHANNELS & topics.keys():
            raise ValueError(f"time would stand still: send at least one of {sorted(DRIVING_CHANNELS)}")
        self._clock = clock
        self._topics = topics
        self._venue = venue
        self._random = Random(seed)  # noqa: S311 - repeatable is the point
        # Ids grow with the time of the start, so that a second run does not repeat the first one's.
        now_ms = clock.event_ms
        first_id = now_ms // 1000 * IDS_PER_SECOND
        self._markets = {
            symbol.name: Market(
                symbol, topics.keys(), self._random, now_ms, first_id, (standings or {}).get(symbol.name)
            )
            for symbol in symbols
        }
        self._turns = [self._markets[symbol.name] for symbol in symbols for _ in range(symbol.activity)]

    def messages(self) -> Iterator[Message]:
        clock, turns, random = self._clock, self._turns, self._random.random
        for market in self._markets.values():
            yield from self._sent(market, market.snapshot())
        beat = clock.event_ms // BEAT_MS
        while True:
            now_ms = clock.event_ms
            if now_ms // BEAT_MS != beat:
                for market in self._markets.values():
                    yield from self._sent(market, market.on_beat(beat * BEAT_MS, now_ms))
                beat = now_ms // BEAT_MS
            market = turns[int(random() * len(turns))]
            yield from self._sent(market, market.step(now_ms))

    def resync(self, symbol: str) -> None:
        """Send a snapshot soon, as to a client that saw a gap and asked for one."""
        self._markets[symbol].resync(self._clock.event_ms)

    def _sent(self, market: Market, sent: Sent) -> Iterator[Message]:
        received_ns, symbol = self._clock.received_ns, market.symbol
        for channel, payload in sent:
            headers = feed_headers(self._venue, symbol, channel, received_ns)
            yield Message(self._topics[channel], symbol.encode(), payload, headers)
            self._clock.tick()
