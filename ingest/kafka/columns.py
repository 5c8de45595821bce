"""Records in columns: what the readers hand on, and how lists of Python objects become it."""

# pyarrow makes its compute functions at import; pyright cannot see them.
# pyright: reportAttributeAccessIssue=false

from collections.abc import Sequence
from itertools import chain

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

Header = tuple[str, bytes | None]

HEADER = pa.struct([pa.field("name", pa.string(), nullable=False), ("value", pa.binary())])
COLUMNS = pa.schema(
    [
        ("offset", pa.int64()),
        ("timestamp_ms", pa.int64()),  # -1: the message has no timestamp
        ("key", pa.binary()),
        ("value", pa.binary()),
        ("headers", pa.list_(HEADER)),
    ]
)


def no_rows() -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([], schema=COLUMNS)


def in_columns(
    offsets: Sequence[int],
    timestamps_ms: Sequence[int],
    keys: Sequence[bytes | None],
    values: Sequence[bytes | None],
    headers: Sequence[Sequence[Header]],
) -> pa.RecordBatch:
    """A row for each of them."""
    flat = list(chain.from_iterable(headers))
    names = pa.array([name for name, _ in flat], pa.string())
    header_values = pa.array([value for _, value in flat], pa.binary())
    ends = np.cumsum([0, *map(len, headers)], dtype=np.int32)
    columns = [
        pa.array(offsets, pa.int64()),
        pa.array(timestamps_ms, pa.int64()),
        pa.array(keys, pa.binary()),
        pa.array(values, pa.binary()),
        header_lists(ends, names, header_values),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=COLUMNS)


def header_lists(ends: np.ndarray, names: pa.Array, values: pa.Array) -> pa.ListArray:
    """Of each record those between two ends."""
    entries = pa.StructArray.from_arrays([names, values], fields=list(HEADER))
    return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), entries)


def first_at(rows: pa.RecordBatch, offset: int) -> int:
    """The number of the first row at or behind an offset."""
    return int(np.searchsorted(rows.column("offset").to_numpy(), offset))


def byte_count(rows: pa.RecordBatch) -> int:
    """Of keys, values and the values of headers."""
    headers = rows.column("headers").flatten().field("value")
    columns = (rows.column("key"), rows.column("value"), headers)
    return sum(pc.sum(pc.binary_length(column)).as_py() or 0 for column in columns)
