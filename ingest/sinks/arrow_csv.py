"""Arrow to CSV and back without loss, as PostgreSQL's COPY speaks it: NULL is nothing, an empty text is "".

Both ways in Arrow's own code: a row never becomes a Python object.
"""

import io
from collections.abc import Iterable, Iterator

import pyarrow as pa
from pyarrow import csv

BLOCK_BYTES = 4 * 2**20


def to_csv(rows: pa.Table) -> bytes:
    text = io.BytesIO()
    csv.write_csv(rows, text, csv.WriteOptions(include_header=False, quoting_style="all_valid"))
    return text.getvalue()


def from_csv(blocks: Iterable[bytes | bytearray | memoryview], schema: pa.Schema) -> Iterator[pa.Table]:
    """Some rows at a time. Booleans are `t` and `f` there."""
    source = _Blocks(blocks)
    if source.is_empty:
        return
    reader = csv.open_csv(
        source,
        csv.ReadOptions(column_names=schema.names, block_size=BLOCK_BYTES),
        csv.ParseOptions(newlines_in_values=True),
        csv.ConvertOptions(
            column_types=schema,
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            true_values=["t"],
            false_values=["f"],
        ),
    )
    for batch in reader:
        yield pa.Table.from_batches([batch])


class _Blocks(io.RawIOBase):
    """An iterator of bytes, to be read as a file."""

    def __init__(self, blocks: Iterable[bytes | bytearray | memoryview]) -> None:
        self._blocks = iter(blocks)
        self._rest = bytes(next(self._blocks, b""))
        self.is_empty = not self._rest

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        while size < 0 or len(self._rest) < size:
            block = next(self._blocks, None)
            if block is None:
                break
            self._rest += bytes(block)
        taken, self._rest = (self._rest, b"") if size < 0 else (self._rest[:size], self._rest[size:])
        return taken
