"""Looking into a topic, as people do: its newest messages, or those from a place on. Nothing is landed.

newest:   the last so many of each partition ─▶ by time ─▶ the last so many
onwards:  a place in each partition ─▶ to the end, or on and on
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ingest.core.errors import InputInvalid
from ingest.core.window import Bounds
from ingest.kafka.columns import Header
from ingest.kafka.log import KafkaLog, Records

Place = Literal["start", "end"] | int | datetime
"""An offset, or a time with its zone."""
AT_ONCE_MESSAGES, AT_ONCE_BYTES = 500, 8 * 2**20
LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True, order=True)
class Peeked:
    """A message as Kafka has it; ordered by time, as far as there is one."""

    timestamp_ms: int
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[Header]


def newest(log: KafkaLog, topic: str, count: int, partition: int | None = None) -> list[Peeked]:
    """The last `count` of the topic, the oldest of them first; all that there are, if there are fewer."""
    bounds = bounds_of(log, topic, partition)
    span = count
    while True:
        # Compaction and transactions leave offsets without a message: then it takes more offsets.
        windows = {number: (max(one.start, one.end - span), one.end) for number, one in bounds.items()}
        found = sorted(_read(log, topic, windows))[-count:]
        if len(found) == count or all(at == bounds[number].start for number, (at, _) in windows.items()):
            return found
        span *= 10


def onwards(log: KafkaLog, topic: str, places: Mapping[int, int], *, follow: bool) -> Iterator[Peeked]:
    """From these offsets to the ends that there are now, or for ever."""
    at = dict(places)
    while True:
        bounds = bounds_of(log, topic)
        windows = {number: (at[number], bounds[number].end) for number in at if number in bounds}
        windows = {number: window for number, window in windows.items() if window[0] < window[1]}
        yield from _read(log, topic, windows)
        at |= {number: end for number, (_, end) in windows.items()}
        if not follow:
            return
        if not windows:
            time.sleep(LOOK_SECONDS)


def places_of(log: KafkaLog, topic: str, start: Place, partition: int | None = None) -> dict[int, int]:
    """Where to begin in each partition."""
    bounds = bounds_of(log, topic, partition)
    if start == "start":
        return {number: one.start for number, one in bounds.items()}
    if start == "end":
        return {number: one.end for number, one in bounds.items()}
    if isinstance(start, datetime):
        return log.offsets_at(topic, bounds, start)
    return {number: max(one.start, min(start, one.end)) for number, one in bounds.items()}


def bounds_of(log: KafkaLog, topic: str, partition: int | None = None) -> Mapping[int, Bounds]:
    """Of all partitions, or of one; InputInvalid if there is no such thing on the broker."""
    state = log.states([topic]).get(topic)
    if state is None:
        raise InputInvalid(f"The broker has no topic {topic}. `tickhouse topics` lists those of Tickhouse.")
    if partition is None:
        return state.bounds
    if partition not in state.bounds:
        numbers = ", ".join(map(str, sorted(state.bounds)))
        raise InputInvalid(f"{topic} has no partition {partition}. It has {numbers}.")
    return {partition: state.bounds[partition]}


def _read(log: KafkaLog, topic: str, windows: Mapping[int, tuple[int, int]]) -> Iterator[Peeked]:
    windows = {number: window for number, window in windows.items() if window[0] < window[1]}
    if windows:
        for chunk in log.read(topic, windows, AT_ONCE_MESSAGES, AT_ONCE_BYTES):
            yield from sorted(one for records in chunk for one in _messages(records))


def _messages(records: Records) -> Iterator[Peeked]:
    for row in records.rows.to_pylist():
        headers = [(header["name"], header["value"]) for header in row["headers"]]
        yield Peeked(row["timestamp_ms"], records.partition, row["offset"], row["key"], row["value"], headers)
