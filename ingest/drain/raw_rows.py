"""Records as they came from Kafka ─▶ rows of a raw table, in Arrow columns, nothing interpreted.

Text that is not UTF-8 keeps its bytes in the column beside it, so whatever arrives can be landed.
"""

# pyarrow makes its compute functions at import; pyright cannot see them.
# pyright: reportAttributeAccessIssue=false

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingest.kafka.log import Records
from ingest.warehouse.raw_schema import HEADER, SCHEMA

RECEIVED_AT = "received_at"
YEAR_10000_MS = 253_402_300_800_000


def to_rows(topic: str, life: int, records: Records) -> pa.Table:
    """The records of one partition in the shape of SCHEMA."""
    rows = records.rows
    key, key_bytes = split_text(rows.column("key"))
    payload, payload_bytes = split_text(rows.column("value"))
    headers, received_at = _headers(rows.column("headers"))
    columns = [
        pa.repeat(pa.scalar(topic), rows.num_rows),
        pa.repeat(pa.scalar(life, pa.int32()), rows.num_rows),
        pa.repeat(pa.scalar(records.partition, pa.int32()), rows.num_rows),
        rows.column("offset"),
        key,
        key_bytes,
        _published_at(rows.column("timestamp_ms")),
        received_at,
        headers,
        payload,
        payload_bytes,
    ]
    return pa.Table.from_arrays(columns, schema=SCHEMA)


def split_text(values: pa.Array) -> tuple[pa.Array, pa.Array]:
    """The values as text, and those that are no UTF-8 as bytes: each value is in one of the two."""
    try:
        return values.cast(pa.string()), pa.nulls(len(values), pa.binary())
    except pa.ArrowInvalid:
        is_text = pa.array([value is not None and _is_utf8(value) for value in values.to_pylist()])
        nothing = pa.scalar(None, pa.binary())
        return pc.if_else(is_text, values, nothing).cast(pa.string()), pc.if_else(is_text, nothing, values)


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def _published_at(millis: pa.Array) -> pa.Array:
    """Absent, or beyond what a calendar holds (a producer may send any number): NULL."""
    is_time = pc.and_(pc.greater_equal(millis, 0), pc.less(millis, YEAR_10000_MS))
    known = pc.if_else(is_time, millis, pa.scalar(None, pa.int64()))
    return known.cast(pa.timestamp("ms")).cast(pa.timestamp("us"))


def _headers(headers: pa.ListArray) -> tuple[pa.Array, pa.Array]:
    """All headers as a list column, and the first `received_at` of each record as a time."""
    entries = headers.flatten()
    names = entries.field("name")
    value, value_bytes = split_text(entries.field("value"))
    ends = headers.offsets.to_numpy() - headers.offsets[0].as_py()
    with_text = pa.StructArray.from_arrays([names, value, value_bytes], fields=list(HEADER))
    return pa.ListArray.from_arrays(pa.array(ends), with_text), _received_at(names, value, ends)


def _received_at(names: pa.Array, values: pa.Array, ends: np.ndarray) -> pa.Array:
    where = np.flatnonzero(pc.equal(names, RECEIVED_AT).to_numpy(zero_copy_only=False))
    # Of several headers of that name in one record the first one counts.
    owner, first = np.unique(np.searchsorted(ends, where, side="right") - 1, return_index=True)
    nanos = _epoch_nanoseconds(values.take(pa.array(where[first])))
    is_unknown = np.ones(len(ends) - 1, dtype=bool)
    is_unknown[owner] = nanos.is_null().to_numpy(zero_copy_only=False)
    micros = np.zeros(len(ends) - 1, dtype=np.int64)
    micros[owner] = nanos.fill_null(0).to_numpy() // 1000
    return pa.array(micros, pa.int64(), mask=is_unknown).cast(pa.timestamp("us"))


def _epoch_nanoseconds(values: pa.Array) -> pa.Array:
    try:
        return values.cast(pa.int64())
    except pa.ArrowInvalid:
        return pa.array([_int64_or_none(value) for value in values.to_pylist()], pa.int64())


def _int64_or_none(text: str | None) -> int | None:
    try:
        return pa.scalar(text, pa.string()).cast(pa.int64()).as_py()
    except pa.ArrowInvalid:
        return None
