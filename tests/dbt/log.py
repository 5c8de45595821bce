"""A topic's log: it gives messages their coordinates, with duplicates, holes, disorder and next lives."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from random import Random

from tests.dbt.feeds import START, SYMBOLS, Feed

Record = Mapping[str, object]
Payload = bytes | None

UNREADABLE: tuple[Payload, ...] = (None, b"\xff\xfe not text", b'{"e":"trade",', b"[1,2]", b"{}", b"null")


class Log:
    """Two partitions. Some records are held back: a repair lands them later."""

    def __init__(self, feed: Feed, random: Random) -> None:
        self.feed = feed
        self.held_back: list[Record] = []
        self._random = random
        self._life = 1
        self._next_offset = [0, 0]
        self._history: list[bytes] = []
        self._published_at = START

    def batch(self, size: int) -> list[Record]:
        """The next messages, in any order."""
        records = [self._record(payload) for payload in self._payloads(size)]
        late = [self._random.random() < 0.03 for _ in records]
        self.held_back += [record for record, is_late in zip(records, late, strict=True) if is_late]
        kept = [record for record, is_late in zip(records, late, strict=True) if not is_late]
        self._random.shuffle(kept)
        return kept

    def begin_next_life(self) -> None:
        self._life += 1
        self._next_offset = [0, 0]

    def _payloads(self, size: int) -> Iterator[Payload]:
        for _ in range(size):
            chance = self._random.random()
            if chance < 0.03:
                yield self._random.choice(UNREADABLE)
            elif chance < 0.06:
                yield self.feed.spoiled()
            elif chance < 0.12 and self._history:
                yield self._random.choice(self._history)
            elif chance < 0.16 and self._history:
                yield self.feed.contradicted(self._random.choice(self._history))
            else:
                self._history.append(self.feed.payload())
                yield self._history[-1]

    def _record(self, payload: Payload) -> Record:
        partition = self._random.randrange(2)
        offset = self._next_offset[partition]
        self._next_offset[partition] += 1 + (self._random.random() < 0.05)
        self._published_at += timedelta(milliseconds=self._random.randrange(700))
        self._published_at = max(self._published_at, self.feed.now)
        venue = self.feed.topic.partition(".")[0]
        return as_record(payload, partition, offset, self._published_at, self._life, venue=venue)


def as_record(
    payload: Payload,
    partition: int,
    offset: int,
    published_at: datetime,
    life: int = 1,
    symbol: str | None = None,
    venue: str = "binance",
) -> Record:
    """A row of a raw table, as ingest/drain/raw_rows.py makes them."""
    text, raw = _split(payload)
    headers = {"venue": venue, "symbol": symbol or SYMBOLS[len(payload or b"") % 2]}
    return {
        "topic_life": life,
        "kafka_partition": partition,
        "kafka_offset": offset,
        "published_at": published_at.replace(tzinfo=None),
        "received_at": (published_at - timedelta(milliseconds=offset % 7)).replace(tzinfo=None),
        "headers": [{"name": name, "value": value, "value_bytes": None} for name, value in headers.items()],
        "payload": text,
        "payload_bytes": raw,
    }


def _split(payload: Payload) -> tuple[str | None, bytes | None]:
    if payload is None:
        return None, None
    try:
        return payload.decode(), None
    except UnicodeDecodeError:
        return None, payload
