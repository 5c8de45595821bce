"""What goes wrong between an exchange and its client, on purpose and repeatable.

A wrapper over a stream of messages: the exchange itself stays sound. Through `duplicates`,
`out_of_order`, `late` and `malformed` all that is true still arrives; `gaps` lose something, `crossed`
falsifies something, and `clock_skew_ms` is a clock of ours that goes wrong.
"""

import heapq
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from random import Random

from ingest.core.message import Message
from ingest.feeds.simulated.clock import NS_PER_MS

LATE_MS = (5_000, 90_000)
CAN_BE_LOST = (b"trade", b"depth")


@dataclass(frozen=True, slots=True)
class Faults:
    """How often each fault strikes: the share, from 0 to 1, of the messages it can strike."""

    gaps: float = 0.0
    """Trades and diffs that never arrive. A lost diff makes the client ask for a snapshot."""
    duplicates: float = 0.0
    """Messages that arrive twice."""
    out_of_order: float = 0.0
    """Messages that the next one of their topic and symbol overtakes."""
    late: float = 0.0
    """Messages that arrive 5 to 90 seconds late."""
    malformed: float = 0.0
    """Messages that come with a broken copy before them."""
    crossed: float = 0.0
    """Tickers whose best bid is above their best ask."""
    clock_skew_ms: int = 0
    """Added to each `received_at`: below zero, our clock is behind the exchange's."""


def with_faults(
    messages: Iterable[Message], faults: Faults, seed: int, resync: Callable[[str], None]
) -> Iterator[Message]:
    """The same stream, disturbed; when it ends, what was held back still arrives.

    `resync(symbol)` is called for each diff that is lost: `SimulatedExchange.resync` sends a snapshot.
    """
    disturbance = _Disturbance(faults, Random(seed), resync)  # noqa: S311 - repeatable is the point
    for message in messages:
        yield from disturbance.arriving(message)
    yield from disturbance.held_back()


class _Disturbance:
    """Holds messages back, and decides what happens to each."""

    def __init__(self, faults: Faults, random: Random, resync: Callable[[str], None]) -> None:
        self._faults = faults
        self._random = random
        self._resync = resync
        self._late: list[tuple[int, int, Message]] = []
        self._late_count = 0
        self._now_ns = 0
        self._overtaken: dict[tuple[str, bytes], Message] = {}

    def arriving(self, message: Message) -> Iterator[Message]:
        """What arrives when the exchange sends this: late ones, then it, more, less or another."""
        headers = dict(message.headers)
        self._now_ns = int(headers["received_at"])
        yield from self._late_until(self._now_ns)
        yield from self._instead_of(message, headers["channel"])

    def held_back(self) -> Iterator[Message]:
        """What is still to arrive when the exchange has sent its last."""
        for message in self._overtaken.values():
            yield self._received(message)
        yield from self._late_until(max((due_ns for due_ns, _, _ in self._late), default=0))

    def _late_until(self, now_ns: int) -> Iterator[Message]:
        while self._late and self._late[0][0] <= now_ns:
            self._now_ns, _, message = heapq.heappop(self._late)
            yield self._received(message)
        self._now_ns = now_ns

    def _instead_of(self, message: Message, channel: bytes) -> Iterator[Message]:
        faults = self._faults
        if channel in CAN_BE_LOST and self._strikes(faults.gaps):
            if channel == b"depth":
                self._resync(message.key.decode())
            return
        if self._strikes(faults.malformed):
            yield self._received(message._replace(payload=_broken(message.payload or b"", self._random)))
        if channel == b"book_ticker" and self._strikes(faults.crossed):
            message = message._replace(payload=_crossed(message.payload or b""))
        if self._strikes(faults.late):
            due_ns = self._now_ns + self._random.randint(*LATE_MS) * NS_PER_MS
            self._late_count += 1
            heapq.heappush(self._late, (due_ns, self._late_count, message))
            return
        overtaken = self._overtaken.pop((message.topic, message.key), None)
        if overtaken is None and self._strikes(faults.out_of_order):
            self._overtaken[message.topic, message.key] = message
            return
        yield self._received(message)
        if self._strikes(faults.duplicates):
            yield self._received(message)
        if overtaken is not None:
            yield self._received(overtaken)

    def _strikes(self, share: float) -> bool:
        return share > 0 and self._random.random() < share

    def _received(self, message: Message) -> Message:
        received_at = str(self._now_ns + self._faults.clock_skew_ms * NS_PER_MS).encode()
        headers = [(name, received_at if name == "received_at" else value) for name, value in message.headers]
        return message._replace(headers=tuple(headers))


def _crossed(book_ticker: bytes) -> bytes:
    ticker = json.loads(book_ticker)
    ticker["b"], ticker["a"] = ticker["a"], ticker["b"]
    return json.dumps(ticker, separators=(",", ":")).encode()


def _broken(payload: bytes, random: Random) -> bytes:
    """One of the ways in which messages have been seen to be broken."""
    return random.choice(
        [
            payload[: len(payload) // 2],
            b"\xff\xfe" + payload,
            b"",
            b'{"code":-1003,"msg":"Too many requests."}',
            re.sub(rb'"\d+\.\d+"', b'"NaN"', payload, count=1),
        ]
    )
