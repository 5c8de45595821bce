"""What a mart holds that a store does not: its change feed, read while the warehouse is held.

    rows with batch_id > through, and notes of vanished ones  ─▶ affected keys that changed: delete
    rows with batch_id > through                              ─▶ insert: those keys' rows as they are now

A mart rewrites all rows of an affected key together, so that a store which deletes by those keys and then
inserts holds what the mart holds. What is more than `limit` rows is read in pieces, along one column of the
key; what changes meanwhile lies behind the place where the first piece was read, and comes after them.

A store that the feed cannot bring on begins a generation: its mart was built anew, the warehouse was restored
to before the store's state, or what the store had not passed yet is gone (ingest/warehouse/generations.py).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import duckdb
import pyarrow as pa

from ingest.core.errors import NeedsAttention
from ingest.sinks.state import Changes, Place, State
from ingest.sinks.targets import Target
from ingest.warehouse.connection import built_relations
from ingest.warehouse.models import Model

NOT_TOLD = "batch_id"
"""The only column that a rebuild may change without changing what the mart says."""
WHOLE_ROWS = 500_000


@dataclass(frozen=True, slots=True)
class Standing:
    """How a mart stands at this moment."""

    model: Model
    built_through: int
    generation: str
    followable_after: int


class ChangeFeed:
    """The changes of every mart, at one moment: over a connection on which nobody writes meanwhile."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, models: Mapping[str, Model]) -> None:
        self._connection = connection
        self._warehouse = self._value("select id from ops.warehouse")
        built = {
            model: standing
            for model, *standing in self._rows(
                """select model, built_through, coalesce(began_at::varchar, 'view'),
                          coalesce(followable_after, 0)
                   from ops.model_progress left join ops.generations using (model)"""
            )
        }
        there = built_relations(connection)
        self._marts = {
            name: Standing(model, *built[model.unique_id])
            for name, model in models.items()
            if model.unique_id in built and model.relation in there
        }
        self._marks: dict[int, str] = {}

    def changes(self, target: Target, state: State | None, limit: int) -> Changes | None:
        """What to write next; None: the store holds what the mart holds, or the mart was never built."""
        mart = self._marts.get(target.mart)
        if mart is None:
            return None
        if state is not None and state.warehouse != self._warehouse:
            raise NeedsAttention(
                f"{target.name} holds the marts of another warehouse ({state.warehouse}). "
                "`tickhouse sink rebuild` takes the store over for this one."
            )
        new = State(self._warehouse, mart.generation, self._layout(target, mart))
        known = state if state is not None and self._leads_on(state, new, target, mart) else None
        if target.follows == "whole":
            return self._whole(target, mart, known, new)
        if known is not None and known.is_whole and known.through == self._place(mart):
            return None
        if target.follows == "latest":
            return self._latest(target, mart, known, new)
        return self._piece(target, mart, known, new, limit)

    def place(self, target: Target) -> Place | None:
        """Where the mart stands; None: it was never built, or is a view."""
        mart = self._marts.get(target.mart)
        return None if mart is None or target.follows == "whole" else self._place(mart)

    def schema(self, target: Target) -> pa.Schema | None:
        """The columns that a store holds; None: the mart was never built."""
        mart = self._marts.get(target.mart)
        return (
            None if mart is None else self._table(target, mart, f"from {mart.model.relation} limit 0").schema
        )

    def all_rows(self, target: Target) -> str:
        """A query for all that a store should hold now, of a mart that was built."""
        mart = self._marts[target.mart]
        newest = _newest(target) if target.follows == "latest" else ""
        columns = ", ".join(_columns(target, self._names(mart.model)))
        return f"select {columns} from {mart.model.relation} where {_only(target)} {newest}"

    def _leads_on(self, state: State, new: State, target: Target, mart: Standing) -> bool:
        """Whether what the store lacks can be told from its state on."""
        if (state.generation, state.layout) != (new.generation, new.layout):
            return False
        if target.follows == "whole":
            return True
        places = [place for place in (state.through, state.towards) if place is not None]
        return all(
            mart.followable_after <= place.batch <= mart.built_through and self._is_ours(place.mark)
            for place in places
        )

    def _is_ours(self, mark: str) -> bool:
        """Whether the batch of that mark is there. A restored warehouse has others of the same number."""
        if not mark:
            return True
        batch_id, _, committed_at = mark.partition("@")
        found = self._rows(f"select committed_at::varchar from ops.batches where batch_id = {int(batch_id)}")
        return found == [(committed_at,)]

    def _place(self, mart: Standing) -> Place:
        batch = mart.built_through
        if batch not in self._marks:
            self._marks[batch] = self._value(
                f"""select coalesce(max_by(batch_id || '@' || committed_at::varchar, batch_id), '')
                    from ops.batches where batch_id = (
                        select max(batch_id) from ops.batches where batch_id <= {batch})"""
            )
        return Place(batch, self._marks[batch])

    def _piece(self, target: Target, mart: Standing, known: State | None, new: State, limit: int) -> Changes:
        model, begun = mart.model, known or new
        step = step_column(model)
        ahead = f"{_only(target)} and {_is_new(begun)}"
        if begun.after is not None:
            ahead += f" and {step} > {self._literal(model, step, begun.after)}"
        up_to = self._step_up_to(_touched(model, begun, step, ahead), step, limit)
        piece = ahead if up_to is None else f"{ahead} and {step} <= {self._literal(model, step, up_to)}"
        towards = begun.towards or self._place(mart)
        if up_to is None:
            after = replace(begun, through=towards, towards=None, after=None)
        else:
            after = replace(begun, towards=towards, after=up_to)
        keys = ", ".join(model.affected_key)
        changed = f"select distinct {keys} from ({_touched(model, begun, keys, piece)})"
        return Changes(
            target,
            before=known,
            after=after,
            keys=self._arrow(f"{changed} limit 0" if begun.is_filling else changed),
            rows=self._table(target, mart, f"from {model.relation} where {piece}"),
        )

    def _step_up_to(self, touched: str, step: str, limit: int) -> str | None:
        """Where a piece of `limit` rows ends, all rows of that step with it; None: it has the rest."""
        if self._value(f"select count(*) from ({touched})") <= limit:
            return None
        return self._value(
            f"select max({step})::varchar from (select {step} from ({touched}) order by {step} limit {limit})"
        )

    def _latest(self, target: Target, mart: Standing, known: State | None, new: State) -> Changes:
        model = mart.model
        key, time = ", ".join(target.key), target.newest_by[0]
        after = replace(new, through=self._place(mart))
        where = _only(target)
        if known is None:
            rows = self._table(target, mart, f"from {model.relation} where {where} {_newest(target)}")
            return Changes(
                target, None, after, self._arrow(f"select {key} from {model.relation} limit 0"), rows
            )
        is_new = f"{where} and {_is_new(known)}"
        # Of a market with a changed row, the newest is that one or newer; of others all history may hold it.
        self._connection.execute(
            f"""create or replace temp table changed_markets as
                select {key}, max(newest) as newest from (
                    select {key}, {time} as newest from {model.relation} where {is_new}
                    union all select {key}, null from {model.vanished} where {is_new})
                group by {key}"""
        )
        [(oldest, some_have_none)] = self._rows(
            "select min(newest)::varchar, coalesce(bool_or(newest is null), false) from changed_markets"
        )
        if oldest is not None and not some_have_none:
            where = f"{where} and {time} >= cast('{oldest}' as timestamp)"
        of_changed = f"from {model.relation} semi join changed_markets using ({key}) where {where}"
        return Changes(
            target,
            before=known,
            after=after,
            keys=self._arrow(f"select {key} from changed_markets"),
            rows=self._table(target, mart, f"{of_changed} {_newest(target)}"),
        )

    def _whole(self, target: Target, mart: Standing, known: State | None, new: State) -> Changes | None:
        rows = self._arrow(f"{self.all_rows(target)} limit {WHOLE_ROWS + 1}")
        count, digest = digest_of(self._connection, rows)
        if count > WHOLE_ROWS:
            raise NeedsAttention(
                f"{mart.model.relation} has more than {WHOLE_ROWS} rows: too many for a view, told whole."
            )
        after = replace(new, through=Place(0, f"{count}@{digest}"))
        if known == after:
            return None
        return Changes(target, known, after, None, rows)

    def _layout(self, target: Target, mart: Standing) -> str:
        return target.layout(str(self._table(target, mart, f"from {mart.model.relation} limit 0").schema))

    def _names(self, model: Model) -> list[str]:
        described = self._rows(f"describe {model.relation}")
        return [name for name, *_ in described if name != NOT_TOLD]

    def _literal(self, model: Model, column: str, text: str) -> str:
        kinds = {name: kind for name, kind, *_ in self._rows(f"describe {model.relation}")}
        return f"cast({_quoted(text)} as {kinds[column]})"

    def _table(self, target: Target, mart: Standing, query: str) -> pa.Table:
        columns = ", ".join(_columns(target, self._names(mart.model)))
        return self._arrow(f"select {columns} {query}")

    def _arrow(self, query: str) -> pa.Table:
        return self._connection.sql(query).to_arrow_table()

    def _rows(self, query: str) -> list[tuple]:
        return self._connection.execute(query).fetchall()

    def _value(self, query: str) -> Any:
        return self._rows(query)[0][0]


def digest_of(connection: duckdb.DuckDBPyConnection, rows: pa.Table) -> tuple[int, str]:
    """How many, and a number that rows have alike in whatever order."""
    connection.register("rows_to_digest", rows)
    try:
        query = "select count(*), coalesce(sum(hash(told)), 0)::varchar from rows_to_digest as told"
        return connection.execute(query).fetchall()[0]
    finally:
        connection.unregister("rows_to_digest")


def step_column(model: Model) -> str:
    """Along which a large piece of work goes: time, where the key has it, or what landed together."""
    for column in (model.ages_by, "landed_batch_id", "window_start_at"):
        if column in model.affected_key:
            return column
    return model.affected_key[-1]


def _touched(model: Model, begun: State, columns: str, condition: str) -> str:
    """Of what is new: rows, and what vanished, which a store that is being filled never held."""
    rows = f"select {columns} from {model.relation} where {condition}"
    notes = f"select {columns} from {model.vanished} where {condition}"
    return rows if begun.is_filling else f"{rows} union all {notes}"


def _is_new(state: State) -> str:
    return "true" if state.through is None else f"batch_id > {state.through.batch}"


def _only(target: Target) -> str:
    return " and ".join(f"{column} = {_quoted(value)}" for column, value in target.only.items()) or "true"


def _newest(target: Target) -> str:
    order = ", ".join(f"{column} desc" for column in target.newest_by)
    return f"qualify row_number() over (partition by {', '.join(target.key)} order by {order}) = 1"


def _columns(target: Target, names: Iterable[str]) -> list[str]:
    if not target.columns:
        return list(names)
    return [*target.key, *(f"{name} as {told}" for name, told in target.columns.items())]


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
