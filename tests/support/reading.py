"""Reading a log the way the drain does, holding every chunk to what the protocol promises."""

from collections.abc import Mapping
from typing import NamedTuple

from ingest.kafka.log import KafkaLog, Records


class Row(NamedTuple):
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]


def whole(log: KafkaLog, topic: str) -> dict[int, tuple[int, int]]:
    """All that each partition of a topic holds."""
    bounds = log.states([topic])[topic].bounds
    return {number: (found.start, found.end) for number, found in bounds.items()}


def read_rows(
    log: KafkaLog,
    topic: str,
    windows: Mapping[int, tuple[int, int]] | None = None,
    max_messages: int = 1_000,
    max_bytes: int = 2**20,
) -> dict[int, list[Row]]:
    """Every row of the windows (of the whole topic, if none are given), by partition."""
    windows = whole(log, topic) if windows is None else windows
    positions = {number: first for number, (first, _) in windows.items()}
    rows: dict[int, list[Row]] = {number: [] for number in windows}
    for chunk in log.read(topic, windows, max_messages, max_bytes):
        assert chunk
        assert sum(records.rows.num_rows for records in chunk) <= max_messages
        assert len({records.partition for records in chunk}) == len(chunk)
        for records in chunk:
            assert records.first == positions[records.partition] < records.end
            positions[records.partition] = records.end
            rows[records.partition] += rows_of(records)
    assert positions == {number: end for number, (_, end) in windows.items()}
    return rows


def rows_of(records: Records) -> list[Row]:
    offsets = records.rows.column("offset").to_pylist()
    assert offsets == sorted(set(offsets))
    assert all(records.first <= offset < records.end for offset in offsets)
    return [
        Row(*fields, headers=tuple(tuple(header.values()) for header in headers))
        for *fields, headers in (row.values() for row in records.rows.to_pylist())
    ]
