"""Batches as the drain makes them, with rows as small as a test likes."""

from collections.abc import Iterable

from ingest.core.topics import BY_NAME
from ingest.core.window import Partition, Window
from ingest.drain.raw_rows import to_rows
from ingest.kafka.columns import in_columns
from ingest.kafka.log import Records
from ingest.warehouse.protocol import Batch, Landing

TOPIC = BY_NAME["binance.trades"]
RAW = f"raw.{TOPIC.raw_table}"
TOPIC_ID = "first-topic-id"
PUBLISHED_MS = 1_700_000_000_000


def records(
    first: int, end: int, partition: int = 0, holes: Iterable[int] = (), payload: str = ""
) -> Records:
    """A message at every offset of [first, end) but the holes."""
    offsets = [offset for offset in range(first, end) if offset not in set(holes)]
    count = len(offsets)
    values = [f'{{"n":{offset}}}{payload}'.encode() for offset in offsets]
    headers = [[("venue", b"binance"), ("received_at", b"1700000000123456789")]] * count
    times = [PUBLISHED_MS + offset for offset in offsets]
    return Records(partition, first, end, in_columns(offsets, times, [b"BTCUSDT"] * count, values, headers))


def landing(
    first: int,
    end: int,
    position: int | None,
    *,
    partition: int = 0,
    life: int = 1,
    holes: Iterable[int] = (),
) -> Landing:
    rows = to_rows(TOPIC.name, life, records(first, end, partition, holes))
    return Landing(Window(Partition(TOPIC.name, life, partition), first, end), rows, position)


def batch(
    *landings: Landing, life: int = 1, topic_id: str | None = TOPIC_ID, reason: str = "first seen"
) -> Batch:
    return Batch(TOPIC.name, TOPIC.raw_table, life, topic_id, reason, landings)


def batch_of(records_: Records, position: int | None = None) -> Batch:
    """One batch of these very records."""
    window = Window(Partition(TOPIC.name, 1, records_.partition), records_.first, records_.end)
    return batch(Landing(window, to_rows(TOPIC.name, 1, records_), position))
