"""A CSV file as a Source: at its own pace, faster, or flat out; from its beginning or where it was left."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from ingest.core.message import Message
from ingest.feeds.csv.layout import Layout
from ingest.feeds.csv.rows import CsvRows
from ingest.feeds.pacing import at_recorded_times

SECONDS_UNTIL = 10**11
MILLIS_UNTIL = 10**14


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the rows of a file go, and as what."""

    topic: str
    venue: str
    symbol: str
    channel: str


class CsvPlayback:
    """`position` moves on once a row's message was taken and the next one is asked for."""

    def __init__(self, rows: CsvRows, layout: Layout, destination: Destination, speed: float | None) -> None:
        self._rows = rows
        self._layout = layout
        self._destination = destination
        self._speed = speed
        self.position = rows.position

    def messages(self) -> Iterator[Message]:
        to = self._destination
        key = to.symbol.encode()
        fixed = (("venue", to.venue.encode()), ("symbol", key), ("channel", to.channel.encode()))
        rows, payload = self._rows, self._layout.payload
        for row in at_recorded_times(rows, self._epoch_ns, self._speed):
            received = ("received_at", str(time.time_ns()).encode())
            place = ("file_line", rows.place.encode())
            yield Message(to.topic, key, payload(row, is_plain=rows.is_plain), (*fixed, received, place))
            self.position = rows.position

    def _epoch_ns(self, row: list[str]) -> int:
        """Only to know the pauses: a time that cannot be read makes none."""
        return epoch_ns(self._layout.time(row))


def epoch_ns(text: str) -> int:
    """Epoch seconds, milliseconds or microseconds, or text in UTC; 0 for all else."""
    whole = text.partition(".")[0]
    if whole.isdigit():
        number = int(whole)
        factor = 10**9 if number < SECONDS_UNTIL else 10**6 if number < MILLIS_UNTIL else 10**3
        return number * factor
    try:
        at = datetime.fromisoformat(text.removesuffix(" UTC"))
    except ValueError:
        return 0
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1e6) * 1000
