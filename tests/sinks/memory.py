"""A store that is a dictionary: it does what a sink must do, and nothing else."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

import pyarrow as pa

from ingest.core.errors import StaleSink
from ingest.sinks.protocol import Contents, Written
from ingest.sinks.state import Changes, State
from ingest.sinks.targets import Target

Rows = dict[tuple, list[tuple]]


class MemorySink:
    """Rows by key, for each target; a generation that is being filled beside them."""

    name = "memory"
    takes_nul = True

    def __init__(self, targets: Sequence[Target]) -> None:
        self.targets = targets
        self.begun: Counter[str] = Counter()
        self._states: dict[str, State] = {}
        self._rows: dict[str, Rows] = {}
        self._next: dict[str, tuple[State, Rows]] = {}

    def state(self, target: Target) -> State | None:
        filling = self._next.get(target.name)
        return filling[0] if filling else self._states.get(target.name)

    def begin_generation(self, changes: Changes) -> Written:
        self.begun[changes.target.name] += 1
        self._next[changes.target.name] = (changes.after, defaultdict(list))
        return self._write(changes)

    def write(self, changes: Changes) -> Written:
        if self.state(changes.target) != changes.before:
            raise StaleSink(changes.target.name)
        return self._write(changes)

    @contextmanager
    def contents(self, target: Target, schema: pa.Schema) -> Iterator[Contents]:
        rows = [row for kept in self._rows.get(target.name, {}).values() for row in kept]
        columns = zip(*rows, strict=True) if rows else [[] for _ in schema]
        table = pa.table(
            [pa.array(list(c), f.type) for c, f in zip(columns, schema, strict=True)], schema=schema
        )
        yield Contents(self._states.get(target.name), iter([table]))

    def forget_before(self, target: Target, time: datetime) -> int:  # noqa: ARG002
        return 0

    def kept_from(self, target: Target) -> None:  # noqa: ARG002
        return None

    def clear(self) -> None:
        self._states, self._rows, self._next = {}, {}, {}

    def close(self) -> None:
        pass

    def held(self, target: Target) -> Counter[tuple]:
        return Counter(row for rows in self._rows.get(target.name, {}).values() for row in rows)

    def _write(self, changes: Changes) -> Written:
        name = changes.target.name
        rows = self._next[name][1] if name in self._next else self._rows[name]
        if changes.keys is None:
            rows.clear()
        for key in _tuples(changes.keys) if changes.keys is not None else ():
            rows.pop(key, None)
        at = [changes.rows.schema.names.index(column) for column in changes.target.key]
        for row in _tuples(changes.rows):
            rows.setdefault(tuple(row[i] for i in at), []).append(row)
        if name in self._next:
            self._next[name] = (changes.after, rows)
        if changes.completes:
            self._next.pop(name)
            self._rows[name] = rows
        if not changes.after.is_filling:
            self._states[name] = changes.after
        return Written(changes.rows.num_rows)


def _tuples(table: pa.Table) -> Iterator[tuple]:
    return zip(*(column.to_pylist() for column in table.columns), strict=True)
