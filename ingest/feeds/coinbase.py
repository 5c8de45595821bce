"""Coinbase Exchange, live: books (a snapshot, then absolute changes) and trades.

{"type":"l2update","product_id":"BTC-USD",...}  ─▶  coinbase.books, key BTC-USD
{"type":"match","product_id":"BTC-USD",...}     ─▶  coinbase.trades
"""

import json
import re
from collections.abc import Sequence

from ingest.core.errors import SettingsInvalid
from ingest.core.message import Message, feed_headers
from ingest.core.settings import Settings
from ingest.feeds.frame import Frame
from ingest.feeds.transport.events import feed_event
from ingest.feeds.transport.feed import SocketFeed
from ingest.feeds.transport.socket import Endpoint, Endurance

VENUE = "coinbase"
KIND = re.compile(rb'"type"\s*:\s*"(\w+)"')
PRODUCT = re.compile(rb'"product_id"\s*:\s*"([^"]+)"')
TOPICS = {
    b"snapshot": "coinbase.books",
    b"l2update": "coinbase.books",
    b"match": "coinbase.trades",
    b"last_match": "coinbase.trades",
}


def coinbase_live(
    settings: Settings, products: Sequence[str], endurance: Endurance | None = None
) -> SocketFeed:
    """Books and trades of some products."""
    subscribe = {
        "type": "subscribe",
        "product_ids": list(products),
        "channels": ["level2_batch", "matches", "heartbeat"],
    }
    url, greetings = settings.coinbase_stream_url, (json.dumps(subscribe),)
    endpoint = Endpoint(f"{VENUE}/0", url, "COINBASE_STREAM_URL", greetings)
    return SocketFeed(VENUE, endpoint, address, is_heartbeat, endurance)


def address(frame: Frame) -> Message | None:
    """By the frame's type and product. An answer to a subscription becomes an event of the feed."""
    kind, product = KIND.search(frame.payload), PRODUCT.search(frame.payload)
    if kind is not None and kind[1] == b"error":
        raise SettingsInvalid(f"Coinbase refuses a subscription: {frame.payload.decode(errors='replace')}")
    if kind is not None and kind[1] == b"subscriptions":
        return feed_event(VENUE, "subscribed", f"{VENUE}/0", frame.payload.decode(errors="replace"))
    if kind is None or product is None or kind[1] not in TOPICS:
        return None
    headers = feed_headers(VENUE, product[1].decode(errors="replace"), kind[1].decode(), frame.received_ns)
    return Message(TOPICS[kind[1]], product[1], frame.payload, headers)


def is_heartbeat(payload: bytes) -> bool:
    return payload.startswith(b'{"type":"heartbeat"')
