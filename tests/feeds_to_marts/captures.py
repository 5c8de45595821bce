"""Capture files for tests, made from the simulated exchange."""

import gzip
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from ingest.core.message import Message
from ingest.feeds.simulated import RateClock, SimulatedExchange
from ingest.feeds.simulated.symbols import BTCUSDT

STREAMS = {"trade": "trade", "depth": "depth@100ms", "book_ticker": "bookTicker"}
START = datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC)


def simulated_messages(count: int) -> list[Message]:
    exchange = SimulatedExchange(RateClock(START, 100), 7, [BTCUSDT])
    return list(islice(exchange.messages(), count))


def as_lines(messages: Iterable[Message]) -> list[bytes]:
    """As a recorder of combined streams writes them."""
    return [_line(message) for message in messages]


def _line(message: Message) -> bytes:
    headers = dict(message.headers)
    channel, received_ns = headers["channel"].decode(), headers["received_at"]
    assert message.payload is not None
    if channel == "depth_snapshot":
        return received_ns + b" " + message.payload
    stream = f"{message.key.decode().lower()}@{STREAMS[channel]}"
    return b'%b {"stream":"%b","data":%b}' % (received_ns, stream.encode(), message.payload)


def write_capture(path: Path, lines: Iterable[bytes]) -> Path:
    content = b"\n".join(lines) + b"\n"
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def payload_of(line: bytes) -> dict[str, object]:
    body = json.loads(line.partition(b" ")[2])
    return body.get("data", body)
