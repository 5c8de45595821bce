"""Where a frame of Binance goes. Combined streams name themselves; a REST snapshot names nothing.

{"stream":"btcusdt@depth@100ms","data":{...}}  ─▶  binance.depth, key BTCUSDT
{"lastUpdateId":...}                           ─▶  binance.depth, key: the symbol that was asked for
"""

from ingest.core.message import Message, feed_headers
from ingest.feeds.binance.channels import CHANNEL_OF_STREAM, TOPIC_OF_CHANNEL
from ingest.feeds.frame import Address, Frame

STREAM_PREFIX = b'{"stream":"'
SNAPSHOT_PREFIX = b'{"lastUpdateId":'


class Addresses:
    """Of one venue. Nothing is parsed: a frame begins with its stream's name."""

    def __init__(self, venue: str) -> None:
        self._venue = venue
        self._streams: dict[bytes, tuple[str, bytes, str] | None] = {}

    def of_stream(self, frame: Frame) -> Message | None:
        """A frame of a combined stream, addressed; None if no topic takes it."""
        payload = frame.payload
        if not payload.startswith(STREAM_PREFIX):
            return None
        name = payload[len(STREAM_PREFIX) : payload.find(b'"', len(STREAM_PREFIX))]
        if name not in self._streams:
            self._streams[name] = self._resolve(name)
        known = self._streams[name]
        if known is None:
            return None
        topic, key, channel = known
        return Message(topic, key, payload, self._headers(key, channel, frame))

    def of_snapshot(self, symbol: str, frame: Frame) -> Message:
        """The answer of REST to a question for a symbol's book."""
        key = symbol.encode()
        headers = self._headers(key, "depth_snapshot", frame)
        return Message(TOPIC_OF_CHANNEL["depth_snapshot"], key, frame.payload, headers)

    def _resolve(self, name: bytes) -> tuple[str, bytes, str] | None:
        symbol, _, stream = name.decode(errors="replace").partition("@")
        channel = CHANNEL_OF_STREAM.get(stream.partition("@")[0])
        if not symbol or channel is None:
            return None
        return TOPIC_OF_CHANNEL[channel], symbol.upper().encode(), channel

    def _headers(self, key: bytes, channel: str, frame: Frame) -> tuple[tuple[str, bytes], ...]:
        return feed_headers(self._venue, key.decode(), channel, frame.received_ns)


def captured(venue: str, symbol: str) -> Address:
    """For a recording of one symbol: its snapshots are of that symbol."""
    addresses = Addresses(venue)

    def address(frame: Frame) -> Message | None:
        if frame.payload.startswith(SNAPSHOT_PREFIX):
            return addresses.of_snapshot(symbol, frame)
        return addresses.of_stream(frame)

    return address
