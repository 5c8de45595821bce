"""Binance's messages, made up: believable ones and broken ones, from one seed.

A feed gives payloads; `Log` puts them on partitions as a broker would, with duplicates and disorder.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from random import Random

Payload = bytes | None
Record = Mapping[str, object]

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
SYMBOLS = ("BTCUSDT", "ETHUSDT")
BROKEN: tuple[Payload, ...] = (
    None,
    b"\xff\xfe not text",
    b'{"e":"trade",',
    b"[1,2]",
    b"{}",
    b"null",
)


def epoch_ms(time: datetime) -> int:
    return round(time.timestamp() * 1000)


class Trades:
    """Trades, some late, some in microseconds, some wrapped as combined streams wrap them."""

    topic = "binance.trades"

    def __init__(self, random: Random) -> None:
        self._random = random
        self._sent = 0

    def payload(self) -> bytes:
        random = self._random
        self._sent += 1
        seconds = self._sent * 0.9 - (random.uniform(0, 300) if random.random() < 0.05 else 0)
        at = epoch_ms(START + timedelta(seconds=max(seconds, 0)))
        trade = {
            "e": "trade",
            "E": at + 1,
            "s": random.choice(SYMBOLS),
            "t": self._sent,
            "p": f"{random.randint(1, 9_999_999) / 100:.8f}",
            "q": f"{random.randint(1, 99_999_999) / 1e8:.8f}",
            "T": at if random.random() < 0.9 else at * 1000 + random.randrange(1000),
            "m": random.random() < 0.5,
            "M": True,
        }
        return wrapped(random, "trade", trade)

    def spoiled(self) -> bytes:
        """A trade that staging must refuse, for one of the reasons."""
        trade = unwrapped(self.payload())
        field, value = self._random.choice(
            [
                ("p", "12.x"),
                ("p", "0"),
                ("p", "0.00000000001"),
                ("p", "1" + 13 * "0"),
                ("q", "-1"),
                ("q", None),
                ("T", 17),
                ("t", "none"),
                ("m", "perhaps"),
                ("s", ""),
            ]
        )
        return json.dumps({**trade, field: value}).encode()

    def contradicted(self, payload: bytes) -> bytes:
        """The same trade again, with another price or another time."""
        trade = unwrapped(payload)
        if self._random.random() < 0.5:
            return json.dumps({**trade, "p": "777.00000000"}).encode()
        return json.dumps({**trade, "T": epoch_ms(START) + self._random.randrange(600_000)}).encode()


def wrapped(random: Random, stream: str, message: Mapping[str, object]) -> bytes:
    if random.random() < 0.3:
        return json.dumps({"stream": f"x@{stream}", "data": message}).encode()
    return json.dumps(message).encode()


def unwrapped(payload: bytes) -> dict[str, object]:
    message = json.loads(payload)
    return message.get("data", message)


class Log:
    """Where the messages of one topic get their coordinates. Some are held back, for a repair."""

    def __init__(self, feed: Trades, random: Random) -> None:
        self.feed = feed
        self.held_back: list[Record] = []
        self._random = random
        self._life = 1
        self._next_offset = [0, 0]
        self._history: list[bytes] = []
        self._published = START

    def batch(self, size: int) -> list[Record]:
        records = [self._record(payload) for payload in self._payloads(size)]
        held_back = [record for record in records if self._random.random() < 0.03]
        self.held_back += held_back
        kept = [record for record in records if record not in held_back]
        self._random.shuffle(kept)
        return kept

    def begin_next_life(self) -> None:
        self._life += 1
        self._next_offset = [0, 0]

    def _payloads(self, size: int) -> Iterator[Payload]:
        for _ in range(size):
            chance = self._random.random()
            if chance < 0.03:
                yield self._random.choice(BROKEN)
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
        # A hole now and then: transaction markers take offsets, too.
        self._next_offset[partition] += 1 + (self._random.random() < 0.05)
        self._published += timedelta(milliseconds=self._random.randrange(700))
        return record(payload, self._life, partition, offset, self._published)


def record(
    payload: Payload,
    life: int,
    partition: int,
    offset: int,
    published_at: datetime,
    headers: Sequence[tuple[str, str]] = (("venue", "binance"),),
) -> Record:
    """A row of a raw table, as ingest/raw_rows.py makes them."""
    text, raw = _split(payload)
    return {
        "topic_life": life,
        "kafka_partition": partition,
        "kafka_offset": offset,
        "published_at": published_at.replace(tzinfo=None),
        "received_at": (published_at - timedelta(milliseconds=3)).replace(tzinfo=None),
        "headers": [{"name": name, "value": value, "value_bytes": None} for name, value in headers],
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
