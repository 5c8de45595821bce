"""Pruning: the old end of a topic goes, from raw and from what is built of it, and a rebuild stays equal.

    landed before now - raw_retention ─▶ raw rows go         (but for those that tables still stand on)
    aged before kept_from, the floor  ─▶ rows of models go   (but for those that are kept longer, frozen)

Models leave out, and reject when it comes later, what aged before the floor: macros/staging/retention.sql.
So the floor never falls, and what stays is what a rebuild of the remaining raw rows gives.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from ingest.core.topics import Topic
from ingest.warehouse.compaction import compact
from ingest.warehouse.connection import Connection, NewBatch, places
from ingest.warehouse.generations import delete_untold, forget_vanished
from ingest.warehouse.kept_books import keep_books
from ingest.warehouse.models import Model, existing
from ingest.warehouse.short_lived import drop_short_lived

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
OFFSET = "kafka_offset"
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  (like every time here: UTC, without zone)


@dataclass(frozen=True, slots=True)
class Pruned:
    """What went of one topic."""

    topic: str
    kept_from: datetime | None = None
    deleted: Mapping[str, int] = field(default_factory=dict)
    """Rows by table."""
    skipped: str | None = None
    """Why nothing went, if something stood in the way."""


def prune(
    connection: Connection,
    topics: Sequence[Topic],
    models: Sequence[Model],
    now: datetime,
    new_batch: NewBatch,
    run_id: str | None = None,
    sinks: Collection[str] = (),
) -> list[Pruned]:
    """Prune each topic. The caller's transaction makes it one step; `now` is UTC without zone. `sinks`: those
    that are configured, which may still have to read what vanished."""
    built = existing(connection, models)
    pruned = []
    for topic in topics:
        short_lived = drop_short_lived(connection, topic, built, now)
        rest = _prune_topic(connection, topic, built, now, run_id, new_batch)
        pruned.append(replace(rest, deleted={**short_lived, **rest.deleted}))
    forget_vanished(connection, models, sinks)
    return pruned


def _prune_topic(
    connection: Connection,
    topic: Topic,
    models: Sequence[Model],
    now: datetime,
    run_id: str | None,
    new_batch: NewBatch,
) -> Pruned:
    through = _landed_before(connection, topic, aligned(now - topic.raw_retention, topic.raw_retention))
    if through is None:
        return Pruned(topic.name)
    built = [model for model in models if topic.name in model.topics]
    if behind := _behind(connection, built, through):
        return Pruned(topic.name, skipped=f"{behind} has not built its batches up to {through} yet")
    # Those with a row per message; others that read raw sum it up, and stand by nothing.
    staging = [model for model in built if model.reads_raw and model.ages_by and OFFSET in model.columns]
    kept_from = _floor(connection, topic, staging, through, now)
    batch_id = new_batch(connection, "prune", topic.name, run_id)
    keep_books(connection, topic, built, kept_from, batch_id)
    for model in staging:
        _note_survivors(connection, model, batch_id, kept_from)
    deleted = {f"raw.{topic.raw_table}": _delete_raw(connection, topic, staging, through, kept_from)}
    for model in built:
        if not model.is_view and model.ages_by:
            deleted[model.relation] = _delete_aged(connection, topic, model, through, kept_from, now)
    compact(connection, topic, through)
    connection.execute("delete from ops.retention where topic = ?", [topic.name])
    connection.execute(
        "insert into ops.retention select ?, ?, ?, cast(current_timestamp as timestamp)",
        [topic.name, kept_from, batch_id],
    )
    return Pruned(topic.name, kept_from, {table: count for table, count in deleted.items() if count})


def aligned(time: datetime, retention: timedelta) -> datetime:
    """To the start of a day or an hour (UTC), so that no window of that length lies across the floor."""
    return time - (time - EPOCH) % _unit(retention)


def _unit(retention: timedelta) -> timedelta:
    return DAY if retention >= DAY else HOUR


def _landed_before(connection: Connection, topic: Topic, time: datetime) -> int | None:
    """The last of the first batches that are all older; a clock that stepped back cuts no gap into them."""
    return _one(
        connection,
        """select max(batch_id) from ops.batches
           where topic = ? and batch_id < (
               select coalesce(min(batch_id), 9223372036854775807) from ops.batches
               where topic = ? and committed_at >= ?)""",
        [topic.name, topic.name, time],
    )


def _behind(connection: Connection, models: Sequence[Model], through: int) -> str | None:
    """A model that still needs what would go. One that was never built will begin with what there is."""
    if not models:
        return None
    names = [model.unique_id for model in models]
    return _one(
        connection,
        f"select min(model) from ops.model_progress where built_through < ? and model in ({places(names)})",
        [through, *names],
    )


def _floor(
    connection: Connection,
    topic: Topic,
    staging: Sequence[Model],
    through: int,
    now: datetime,
) -> datetime:
    """As the topic table says; but no younger than what goes, so that old history just landed stays."""
    oldest = aligned(now - topic.raw_retention, topic.raw_retention)
    newest_gone = None
    for model in staging:
        sql = f"select max({model.ages_by}) from {model.relation} where landed_batch_id <= ?"
        newest_gone = max(filter(None, (newest_gone, _one(connection, sql, [through]))), default=None)
    if newest_gone is not None:
        above = aligned(newest_gone, topic.raw_retention) + _unit(topic.raw_retention)
        oldest = min(oldest, above)
    before = _one(connection, "select max(kept_from) from ops.retention where topic = ?", [topic.name])
    return oldest if before is None else max(oldest, before)


def _note_survivors(connection: Connection, model: Model, batch_id: int, kept_from: datetime) -> None:
    """Of several messages of one id the first stands. If it goes, children must look who is first now."""
    if not model.identity:
        return
    traced, identity = ", ".join(model.traced), ", ".join(model.identity)
    connection.execute(
        f"""insert into {model.vanished} ({traced}, batch_id)
            select distinct {traced}, {batch_id}
            from {model.relation}
            where {model.ages_by} < ? and ({identity}) in (
                select {identity} from {model.relation} where {model.ages_by} >= ?)""",
        [kept_from, kept_from],
    )


def _delete_raw(
    connection: Connection,
    topic: Topic,
    staging: Sequence[Model],
    through: int,
    kept_from: datetime,
) -> int:
    """A message ahead of its time stays as long as the tables hold what it says."""
    still_told = "".join(
        f""" and (batch_id, topic_life, kafka_partition, kafka_offset) not in (
            select landed_batch_id, topic_life, kafka_partition, kafka_offset
            from {model.relation} where landed_batch_id <= ? and {model.ages_by} >= ?)"""
        for model in staging
    )
    sql = f"delete from raw.{topic.raw_table} where batch_id <= ?{still_told}"
    return _one(connection, sql, [through, *[through, kept_from] * len(staging)])


def _delete_aged(
    connection: Connection,
    topic: Topic,
    model: Model,
    through: int,
    kept_from: datetime,
    now: datetime,
) -> int:
    floor = kept_from if model.keeps is None else min(kept_from, aligned(now - model.keeps, model.keeps))
    is_old = f"{model.ages_by} < ?"
    values: list[object] = [floor]
    if "landed_batch_id" in model.columns:
        is_old = f"({is_old} or ({model.ages_by} is null and landed_batch_id <= ?))"
        values.append(through)
    condition = f"{model.topic_of_row} = '{topic.name}' and {is_old}"
    return delete_untold(connection, model, condition, values)


def _one(connection: Connection, sql: str, values: Sequence[Any]) -> Any:
    row = connection.execute(sql, values).fetchone()
    return row[0] if row else None
