"""Whether a store holds what the marts hold, at the same state: rows counted and digested on both sides.

    warehouse held: bring the store on ─▶ digest of the mart ─▶ a moment of the store ─▶ let go ─▶ its digest

Both digests are DuckDB's, over the same columns. Where the mart or the store keeps rows for a limited time,
what both keep is compared.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime

import duckdb
import pyarrow as pa

from ingest.sinks.changes import ChangeFeed, digest_of
from ingest.sinks.protocol import Sink, deliver
from ingest.sinks.state import State
from ingest.sinks.targets import Target
from ingest.warehouse.followed import Marts
from ingest.warehouse.models import Model

ROWS_AT_ONCE = 200_000
Digest = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Audited:
    """A mart and what a store holds of it."""

    sink: str
    target: Target
    state: State | None
    mart: Digest
    store: Digest

    @property
    def is_equal(self) -> bool:
        return self.mart == self.store and self.state is not None and self.state.is_whole


def bring_on(
    marts: Marts, models: Mapping[str, Model], sink: Sink, target: Target, *, anew: bool = False
) -> int:
    """Write what the store lacks, the warehouse held for the reading only; rows written."""
    state = None if anew else sink.state(target)
    rows = 0
    while True:
        with marts.reading() as connection:
            changes = ChangeFeed(connection, models).changes(target, state, ROWS_AT_ONCE)
        if changes is None:
            return rows
        rows += deliver(sink, changes).row_count
        state = changes.after


def audit(marts: Marts, models: Mapping[str, Model], sink: Sink) -> Iterator[Audited]:
    """Every target whose mart was built."""
    for target in sink.targets:
        if (finding := audit_target(marts, models, sink, target)) is not None:
            yield finding


def audit_target(marts: Marts, models: Mapping[str, Model], sink: Sink, target: Target) -> Audited | None:
    """None: its mart was not built yet."""
    bring_on(marts, models, sink, target)
    with ExitStack() as stack:
        with marts.reading() as connection:
            feed = ChangeFeed(connection, models)
            if (schema := feed.schema(target)) is None:
                return None
            while (changes := feed.changes(target, sink.state(target), ROWS_AT_ONCE)) is not None:
                deliver(sink, changes)
            compared = _compared(connection, models[target.mart], sink, target, schema)
            told = f"select * from ({feed.all_rows(target)}) where {compared}"
            [mart] = connection.execute(
                f"select count(*), coalesce(sum(hash(told)), 0) from ({told}) as told"
            ).fetchall()
            contents = stack.enter_context(sink.contents(target, schema))
        store = _digest(contents.batches, compared)
    return Audited(sink.name, target, contents.state, (mart[0], int(mart[1])), store)


def _compared(
    connection: duckdb.DuckDBPyConnection, model: Model, sink: Sink, target: Target, schema: pa.Schema
) -> str:
    """True for the rows that both sides keep, and that the store can hold."""
    conditions = ["true"]
    if not sink.takes_nul:
        texts = [field.name for field in schema if pa.types.is_string(field.type)]
        conditions += [f"not contains(coalesce({name}, ''), chr(0))" for name in texts]
    floors = [sink.kept_from(target), _pruned_before(connection, model)]
    if target.ages_by is not None and (known := [floor for floor in floors if floor is not None]):
        conditions.append(f"{target.ages_by} >= timestamp '{max(known)}'")
    if model.keeps_at_most is not None:
        conditions.append(f"landed_batch_id > {_gone_through(connection, model)}")
    return " and ".join(conditions)


def _pruned_before(connection: duckdb.DuckDBPyConnection, model: Model) -> datetime | None:
    topics = sorted(model.topics)
    [(floor,)] = connection.execute(
        "select max(kept_from) from ops.retention where list_contains(?, topic)", [topics]
    ).fetchall()
    return floor


def _gone_through(connection: duckdb.DuckDBPyConnection, model: Model) -> int:
    """Of a table that keeps its rows for a short time: the batch up to which they went."""
    [(through,)] = connection.execute(
        "select coalesce(max(gone_through_batch_id), 0) from ops.short_lived where model = ?", [model.name]
    ).fetchall()
    return through


def _digest(batches: Iterator[pa.Table], compared: str) -> Digest:
    count, hashes = 0, 0
    with duckdb.connect() as memory:
        for batch in batches:
            memory.register("batch", batch)
            rows = memory.sql(f"select * from batch where {compared}").to_arrow_table()
            memory.unregister("batch")
            found, digest = digest_of(memory, rows)
            count, hashes = count + found, hashes + int(digest)
    return count, hashes
