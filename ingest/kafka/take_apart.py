"""Batches of records as the broker keeps them ─▶ columns, all records of many batches at once.

    where records begin (a loop) ─▶ where their fields are (numpy) ─▶ the fields' bytes (Arrow)

A record is length, attributes, time, offset, key, value, headers: numbers as varints, -1 for none. What is
not as it should be raises NotPlain, and guarded_batch.py reads the batch record by record.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from kafka.record.util import decode_varint

from ingest.kafka.columns import COLUMNS, header_lists, in_columns
from ingest.kafka.guarded_batch import MAX_HEADERS, GuardedBatch, NotPlain, OldRecord, UnreadableBatch

RECORD = ("offset", "timestamp", "key", "value", "headers")
LARGEST = 2**62
"""Two numbers below it can be added."""


Batches = Sequence[GuardedBatch | OldRecord]


def take_apart(batches: Batches) -> pa.RecordBatch:
    """All their records."""
    whole = [batch for batch in batches if isinstance(batch, GuardedBatch)]
    if len(whole) < len(batches):
        raise NotPlain
    unpacked = [batch.unpacked() for batch in whole]
    try:
        begins, ends = _places(unpacked, [batch.records_count for batch in whole])
        return _columns(whole, b"".join(unpacked), begins, ends)
    except (IndexError, ValueError) as error:  # of pyarrow, too: a header's name that is not UTF-8
        raise NotPlain from error


def one_by_one(batches: Batches) -> tuple[pa.RecordBatch, int, UnreadableBatch | None]:
    """The records before the first that cannot be read, where they end, and why."""
    records: list[Any] = []
    end, trouble = 0, None
    try:
        for batch in batches:
            records.extend(batch.records())
            end = batch.next_offset
    except UnreadableBatch as error:
        end, trouble = error.first, error
    offsets, times, keys, values, headers = ([getattr(record, name) for record in records] for name in RECORD)
    within = [-1 if time is None or not -(2**63) <= time < 2**63 else time for time in times]
    return in_columns(offsets, within, keys, values, headers), end, trouble


def _places(unpacked: Sequence[bytes], counts: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Where each record begins behind its length, and where it ends, in all of the bytes together."""
    begins: list[int] = []
    ends: list[int] = []
    before = 0
    for data, count in zip(unpacked, counts, strict=True):
        at = 0
        for _ in range(count):
            low, high = data[at], data[at + 1]
            if low > 0x7F and high < 0x80 and not low & 1:
                size, at = (low & 0x7F | high << 7) >> 1, at + 2
            else:
                size, at = decode_varint(data, at)
                if size < 0:
                    raise NotPlain
            begins.append(before + at)
            at += size
            ends.append(before + at)
        if at != len(data):
            raise NotPlain
        before += len(data)
    return np.array(begins, np.int64), np.array(ends, np.int64)


def _columns(
    batches: Sequence[GuardedBatch], packed: bytes, begins: np.ndarray, ends: np.ndarray
) -> pa.RecordBatch:
    data = np.frombuffer(packed, np.uint8)
    time_deltas, at = _varints(data, begins + 1)
    offset_deltas, at = _varints(data, at)
    key_sizes, key_at = _varints(data, at)
    value_sizes, value_at = _varints(data, key_at + np.maximum(key_sizes, 0))
    counts, at = _varints(data, value_at + np.maximum(value_sizes, 0))
    headers = _headers(packed, data, at, counts)
    if not np.array_equal(at, ends):
        raise NotPlain
    columns = [
        _offsets(batches, offset_deltas),
        _timestamps(batches, time_deltas),
        _bytes(packed, key_at, key_sizes),
        _bytes(packed, value_at, value_sizes),
        headers,
    ]
    return pa.RecordBatch.from_arrays(columns, schema=COLUMNS)


def _varints(data: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The numbers that begin there, and where each is over."""
    byte = data[at]
    value = (byte & 0x7F).astype(np.uint64)
    behind = at + 1
    longer, shift = np.flatnonzero(byte & 0x80), 7
    while len(longer):
        if shift > 56:
            raise NotPlain
        byte = data[behind[longer]]
        value[longer] |= (byte & 0x7F).astype(np.uint64) << np.uint64(shift)
        behind[longer] += 1
        longer, shift = longer[byte > 0x7F], shift + 7
    halves = (value >> np.uint64(1)).view(np.int64)
    return halves ^ -(value & np.uint64(1)).view(np.int64), behind


def _headers(packed: bytes, data: np.ndarray, at: np.ndarray, counts: np.ndarray) -> pa.ListArray:
    """The n-th headers of all records that have so many, n after n; `at` moves behind them."""
    total = int(counts.sum())
    if counts.min(initial=0) < 0 or counts.max(initial=0) > MAX_HEADERS or 2 * total > len(data):
        raise NotPlain
    name_at, name_sizes, value_at, value_sizes = np.zeros((4, total), np.int64)
    ends = np.concatenate(([0], np.cumsum(counts)))
    rows, n = np.flatnonzero(counts), 0
    while len(rows):
        here = ends[rows] + n
        name_sizes[here], name_at[here] = _varints(data, at[rows])
        value_sizes[here], value_at[here] = _varints(data, name_at[here] + np.maximum(name_sizes[here], 0))
        at[rows] = value_at[here] + np.maximum(value_sizes[here], 0)
        n += 1
        rows = rows[counts[rows] > n]
    if name_sizes.min(initial=0) < 0:
        raise NotPlain
    names = _bytes(packed, name_at, name_sizes).cast(pa.string())
    return header_lists(ends, names, _bytes(packed, value_at, value_sizes))


def _bytes(packed: bytes, at: np.ndarray, sizes: np.ndarray) -> pa.Array:
    """Fields lie one behind the other: as an Arrow array with what lies between them, taken without that."""
    if not len(at):
        return pa.nulls(0, pa.binary())
    bounds = np.empty(2 * len(at), np.int32)
    bounds[0::2], bounds[1::2] = at, at + np.maximum(sizes, 0)
    with_gaps = pa.Array.from_buffers(
        pa.binary(), len(bounds) - 1, [None, pa.py_buffer(bounds), pa.py_buffer(packed)]
    )
    return with_gaps.take(pa.array(np.arange(0, len(bounds), 2), mask=sizes < 0))


def _offsets(batches: Sequence[GuardedBatch], deltas: np.ndarray) -> pa.Array:
    offsets = _of_each(batches, [batch.base_offset for batch in batches]) + deltas
    if (np.diff(offsets) <= 0).any():
        raise NotPlain
    return pa.array(offsets)


def _timestamps(batches: Sequence[GuardedBatch], deltas: np.ndarray) -> pa.Array:
    firsts = [batch.first_timestamp for batch in batches]
    if any(abs(first) > LARGEST for first in firsts):
        raise NotPlain
    by_broker = [batch.timestamp_type == batch.LOG_APPEND_TIME for batch in batches]
    of_broker = _of_each(batches, [batch.max_timestamp for batch in batches])
    times = np.where(_of_each(batches, by_broker), of_broker, _of_each(batches, firsts) + deltas)
    return pa.array(times)


def _of_each(batches: Sequence[GuardedBatch], values: Sequence[int]) -> np.ndarray:
    """A batch's value for each of its records."""
    return np.repeat(np.array(values), [batch.records_count for batch in batches])
