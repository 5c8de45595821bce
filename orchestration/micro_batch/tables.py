"""Whether the models' tables are as the plan thinks: asked once of each, and again of one that failed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ingest.warehouse.connection import Connection, places
from orchestration.dbt.plan import Plan, PlannedModel, View
from orchestration.micro_batch.due_models import Pending


@dataclass(slots=True)
class Sorted:
    """The models of a turn, by who can build them."""

    fit: list[PlannedModel] = field(default_factory=list)
    for_dbt: list[str] = field(default_factory=list)
    unfit: list[tuple[PlannedModel, str]] = field(default_factory=list)
    """Nobody can before somebody acts; with the words that say so."""
    seen_first: list[PlannedModel] = field(default_factory=list)
    """Of those that fit: whose tables were there, and had not been looked at."""


class Tables:
    """Remembers what it has seen."""

    def __init__(self, plan: Plan, *, is_ddl_transactional: bool) -> None:
        self._models = plan.models
        self._makes_first = is_ddl_transactional
        self._seen: set[str] = set()

    def sort(self, connection: Connection, models: Sequence[PlannedModel], pending: Pending) -> Sorted:
        found = Sorted()
        there = self._columns(connection, [model for model in models if model.unique_id not in self._seen])
        for model in models:
            columns = there.get(model.relation)
            # Earlier versions left such a mark on views, too.
            is_due = model.unique_id in pending.due_for_rebuild and not _is_view(model)
            if model.statements is None or is_due:
                found.for_dbt.append(model.unique_id)
            elif model.unique_id in self._seen or self._can_begin(model, columns, pending):
                found.fit.append(model)
            elif columns is None or model.unique_id not in pending.built:
                found.for_dbt.append(model.unique_id)
            elif columns != model.columns:
                found.unfit.append((model, _advice(model, columns)))
            else:
                self._seen.add(model.unique_id)
                found.fit.append(model)
                found.seen_first.append(model)
        # A table waits by its progress. A view would be made at once, and its table may not be there yet.
        waiting = {uid for made_by_dbt in found.for_dbt for uid in self._descendants(made_by_dbt)}
        found.fit = [model for model in found.fit if not (_is_view(model) and model.unique_id in waiting)]
        return found

    def stand(self, models: Iterable[PlannedModel]) -> None:
        """They have just been built for the first time."""
        self._seen |= {model.unique_id for model in models}

    def doubt(self, model: PlannedModel) -> None:
        """It failed: perhaps because of its table."""
        self._seen.discard(model.unique_id)

    def _can_begin(self, model: PlannedModel, columns: frozenset[str] | None, pending: Pending) -> bool:
        """A first build in the plan: nothing is there of the model, nor of those that stand on it."""
        is_new = columns is None and model.unique_id not in pending.built
        return self._makes_first and is_new and not self._descendants(model.unique_id) & pending.built.keys()

    def _descendants(self, unique_id: str) -> set[str]:
        found = {unique_id}
        for model in self._models.values():  # parents come first
            if not found.isdisjoint(model.parents):
                found.add(model.unique_id)
        return found - {unique_id}

    def _columns(self, connection: Connection, models: Sequence[PlannedModel]) -> dict[str, frozenset[str]]:
        """Of the tables and views that are there."""
        if not models:
            return {}
        names = [model.name for model in models]
        rows = connection.execute(
            f"""select lower(table_schema), lower(table_name), lower(column_name)
                from information_schema.columns where lower(table_name) in ({places(names)})""",
            names,
        ).fetchall()
        found: dict[str, set[str]] = {}
        for schema, table, column in rows:
            found.setdefault(f"{schema}.{table}", set()).add(column)
        return {relation: frozenset(columns) for relation, columns in found.items()}


def _is_view(model: PlannedModel) -> bool:
    return isinstance(model.statements, View)


def _advice(model: PlannedModel, columns: frozenset[str]) -> str:
    """As dbt says it (macros/progress/rewrite.sql)."""
    return (
        f"{model.relation} has the columns {' '.join(sorted(columns))}; its contract says "
        f"{' '.join(sorted(model.columns))}. Rebuild it: tickhouse build --full-refresh --select {model.name}"
    )
