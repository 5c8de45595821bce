"""Since when a model's rows can be followed by their batch numbers (ops.generations), and what ends that.

    built anew                          a new generation: its rows may bear numbers that a follower has passed
    rows go and nobody notes it         followable after the newest batch among them
    notes of vanished rows are dropped  followable after what was dropped

Sinks follow (ingest/sinks/changes.py): one that has not come so far begins again.
"""

from collections.abc import Collection, Sequence
from typing import Any

from ingest.warehouse.connection import Connection, built_relations, places
from ingest.warehouse.models import Model


def delete_untold(connection: Connection, model: Model, condition: str, values: Sequence[Any]) -> int:
    """Delete these rows of a model and note nothing of them; how many went."""
    if "batch_id" in model.columns:
        _follow_after(connection, model, f"{model.relation} where {condition}", values)
    [(gone,)] = connection.execute(f"delete from {model.relation} where {condition}", values).fetchall()
    return gone


def forget_vanished(connection: Connection, models: Sequence[Model], sinks: Collection[str]) -> None:
    """Notes of vanished rows that every model has followed, and every one of these sinks."""
    if not models:
        return
    names = [model.unique_id for model in models]
    [(followed,)] = connection.execute(
        f"select min(built_through) from ops.model_progress where model in ({places(names)})", names
    ).fetchall()
    if followed is None:
        return
    passed = _passed(connection, sinks)
    noted = built_relations(connection)
    for model in models:
        if model.vanished in noted:
            _forget(connection, model, min(followed, passed.get(model.unique_id, followed)))


def _passed(connection: Connection, sinks: Collection[str]) -> dict[str, int]:
    """By model, what each sink that follows it has passed."""
    if not sinks:
        return {}
    names = list(sinks)
    found = connection.execute(
        f"select model, min(through) from ops.sinks where sink in ({places(names)}) group by model", names
    )
    return dict(found.fetchall())


def _forget(connection: Connection, model: Model, through: int) -> None:
    _follow_after(connection, model, f"{model.vanished} where batch_id <= ?", [through])
    connection.execute(f"delete from {model.vanished} where batch_id <= ?", [through])


def _follow_after(connection: Connection, model: Model, going: str, values: Sequence[Any]) -> None:
    """Who has not passed the newest of these rows cannot follow the model any more."""
    [(newest,)] = connection.execute(f"select max(batch_id) from {going}", values).fetchall()
    if newest is not None:
        connection.execute(
            "update ops.generations set followable_after = ? where model = ? and followable_after < ?",
            [newest, model.unique_id, newest],
        )
