"""Real recordings as rows of raw tables, where they are on this machine; never part of the project."""

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.dbt.log import Record, as_record

DEPTH, TICKERS, TRADES = "binance.depth", "binance.book_tickers", "binance.trades"

Line = tuple[datetime, str, bytes]
"""When it was received, the symbol, what was sent."""


def lines_of_market(recording: Path) -> Iterator[Line]:
    """`<received_ns> <json>`, all of one symbol."""
    symbol = recording.name.split("_")[2].upper()
    with gzip.open(recording) as lines:
        for line in lines:
            received_ns, payload = line.split(b" ", 1)
            yield _time(int(received_ns) / 1e9), symbol, payload.strip()


def lines_of_several(websocket: Path, rest: Path) -> Iterator[Line]:
    """`<time>: <json>` of streams, then `<url> -> <time>: <json>` of REST snapshots, which come late."""
    for line in websocket.read_text().splitlines():
        received, _, payload = line.partition(": ")
        if payload.startswith('{"stream"'):
            yield _time(float(received.split()[-1])), json.loads(payload)["data"]["s"], payload.encode()
    for line in rest.read_text().splitlines():
        head, _, payload = line.partition(": ")
        if "/depth?" in head and payload:
            symbol = head.split("symbol=")[1].split("&")[0]
            yield _time(float(head.split()[-1])), symbol, payload.encode()


def as_records(lines: Iterator[Line]) -> dict[str, list[Record]]:
    """By topic, one partition each; kinds that have no topic are left out."""
    records: dict[str, list[Record]] = {DEPTH: [], TICKERS: [], TRADES: []}
    for received_at, symbol, payload in lines:
        topic = _topic_of(payload)
        if topic:
            here = records[topic]
            here.append(as_record(payload, 0, len(here), received_at, symbol=symbol))
    return records


def _topic_of(payload: bytes) -> str | None:
    message = json.loads(payload)
    kind = message.get("stream", "@depth").split("@")[1]
    return {"depth": DEPTH, "bookTicker": TICKERS, "trade": TRADES}.get(kind)


def _time(seconds: float) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
