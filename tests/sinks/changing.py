"""Changes made by hand, for the stores' own tests."""

import pyarrow as pa

from ingest.sinks.protocol import Sink
from ingest.sinks.state import Changes, Place, State
from ingest.sinks.targets import Target


def state(batch: int) -> State:
    return State("w", "g", "l", through=Place(batch, f"{batch}@x"))


def table(schema: pa.Schema, rows: list[tuple]) -> pa.Table:
    """Times and decimals as texts."""
    as_text = [pa.types.is_timestamp(f.type) or pa.types.is_decimal(f.type) for f in schema]
    kinds = [pa.string() if texts else f.type for texts, f in zip(as_text, schema, strict=True)]
    columns = [pa.array([row[i] for row in rows], kind) for i, kind in enumerate(kinds)]
    return pa.table(columns, names=schema.names).cast(schema)


def changes(
    target: Target,
    rows: pa.Table,
    *,
    keys: list[tuple] | None = None,
    before: State | None = None,
    after: State,
) -> Changes:
    of_keys = pa.schema([rows.schema.field(name) for name in target.key])
    return Changes(target, before, after, table(of_keys, keys or []), rows)


def held(sink: Sink, target: Target, schema: pa.Schema) -> list[dict]:
    with sink.contents(target, schema) as contents:
        return sorted((row for part in contents.batches for row in part.to_pylist()), key=str)
