"""Is what lies in a raw table what Kafka had? Plain functions; the loop and the nightly audit call them.

`since_batch_id` bounds the work: the loop looks at what landed since it looked last, the audit at all.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ingest.core.topics import TOPICS, Topic
from ingest.warehouse.connection import REFUSALS, Connection, is_built

Metadata = Mapping[str, int | float | str]
REJECTED_SHARE_LIMIT = 0.01


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check found on one raw table."""

    raw_table: str
    name: str
    passed: bool
    is_warning: bool = False
    metadata: Metadata = field(default_factory=dict)


RawCheck = Callable[[Connection, Topic, int], CheckResult | None]
"""None: there is nothing to say of this topic yet."""


def coordinates_unique(connection: Connection, topic: Topic, since_batch_id: int) -> CheckResult:
    """No message lies in the raw table twice."""
    rows, twice = _one(
        connection,
        f"""select coalesce(sum(times), 0), coalesce(sum(times - 1), 0) from (
                select count(*) as times from raw.{topic.raw_table} where batch_id > ?
                group by topic_life, kafka_partition, kafka_offset) as messages""",
        [since_batch_id],
    )
    (overlapping,) = _one(
        connection,
        """select count(*) from (
               select first_offset < lag(end_offset) over (
                   partition by topic_life, kafka_partition order by first_offset, end_offset) as is_double
               from ops.windows where topic = ? and batch_id > ? and row_count > 0) as windows
           where is_double""",
        [topic.name, since_batch_id],
    )
    found = {"rows": int(rows), "duplicates": int(twice), "overlapping_windows": overlapping}
    return CheckResult(topic.raw_table, "coordinates_unique", twice == overlapping == 0, metadata=found)


def coordinates_complete(connection: Connection, topic: Topic, since_batch_id: int) -> CheckResult:
    """Every offset below the position was landed or is written down as lost, and no landed row is gone."""
    (holes,) = _one(
        connection,
        """with stretches as (
               select batch_id, topic_life, kafka_partition, first_offset, end_offset
               from ops.windows where topic = ?
               union all
               select batch_id, topic_life, kafka_partition, first_offset, end_offset
               from ops.lost_ranges where topic = ?
           ), looked_at as (
               select topic_life, kafka_partition, min(first_offset) as from_offset
               from stretches where batch_id > ? group by topic_life, kafka_partition
           ), reach as (
               select topic_life, kafka_partition, end_offset,
                   lead(first_offset) over (
                       partition by topic_life, kafka_partition order by first_offset, end_offset) as follows
               from stretches inner join looked_at using (topic_life, kafka_partition)
               where first_offset >= from_offset
           )
           select count(*) from reach
           left join ops.positions as placed
               on placed.topic = ? and placed.topic_life = reach.topic_life
               and placed.kafka_partition = reach.kafka_partition
           where end_offset <> coalesce(follows, placed.next_offset)""",
        [topic.name, topic.name, since_batch_id, topic.name],
    )
    (missing,) = _one(
        connection,
        f"""with landed as (
                select batch_id, count(*) as row_count from raw.{topic.raw_table}
                where batch_id > ? group by batch_id
            ), promised as (
                select batch_id, sum(row_count) as row_count from ops.windows
                where topic = ? and batch_id > ? group by batch_id
            )
            select coalesce(sum(abs(promised.row_count - coalesce(landed.row_count, 0))), 0)
            from promised left join landed using (batch_id)""",
        [since_batch_id, topic.name, since_batch_id],
    )
    (lost,) = _one(
        connection,
        "select coalesce(sum(end_offset - first_offset), 0) from ops.lost_ranges where topic = ?",
        [topic.name],
    )
    found = {"holes": holes, "missing_rows": int(missing), "lost_offsets": int(lost)}
    return CheckResult(topic.raw_table, "coordinates_complete", holes == missing == 0, metadata=found)


def rejected_share(connection: Connection, topic: Topic, since_batch_id: int) -> CheckResult:
    """Few of the messages are unusable: more than one in a hundred says the feed has changed."""
    (rows,) = _one(
        connection, f"select count(*) from raw.{topic.raw_table} where batch_id > ?", [since_batch_id]
    )
    try:
        rejected = _rejected_count(connection, topic, since_batch_id)
    # Somebody replaced a table that the view stands on.
    except REFUSALS as error:
        found = {"error": str(error)}
        return CheckResult(topic.raw_table, "rejected_share", passed=False, is_warning=True, metadata=found)
    share = rejected / rows if rows else 0.0
    found = {"rejected": rejected, "rejected_share": round(share, 6), "limit": REJECTED_SHARE_LIMIT}
    return CheckResult(
        topic.raw_table, "rejected_share", share <= REJECTED_SHARE_LIMIT, is_warning=True, metadata=found
    )


def fresh(connection: Connection, topic: Topic, _since_batch_id: int) -> CheckResult | None:
    """The newest message is no older than the topic table expects; not asked of a feed that never spoke.

    A message is no younger than its landing, whatever time it was given."""
    (newest_batch,) = _one(
        connection, "select max(batch_id) from ops.windows where topic = ? and row_count > 0", [topic.name]
    )
    if newest_batch is None:
        return None
    now, newest = _one(
        connection,
        f"""select cast(current_timestamp as timestamp),
                max(case when published_at > landed_at then landed_at else published_at end)
            from raw.{topic.raw_table} where batch_id >= ?""",
        [newest_batch],
    )
    age = None if newest is None else (now - newest).total_seconds()
    expected = topic.fresh_within.total_seconds()
    found: Metadata = {"expected_seconds": expected} | ({} if age is None else {"age_seconds": round(age, 1)})
    is_fresh = age is not None and age <= expected
    return CheckResult(topic.raw_table, "fresh", is_fresh, is_warning=True, metadata=found)


RAW_CHECKS: tuple[RawCheck, ...] = (coordinates_unique, coordinates_complete, rejected_share, fresh)


def raw_checks(connection: Connection, since_batch_id: int = 0) -> list[CheckResult]:
    """Every check on every raw table that has ever landed something."""
    seen = {row[0] for row in connection.execute("select distinct topic from ops.topic_lives").fetchall()}
    results = [
        check(connection, topic, since_batch_id)
        for topic in TOPICS
        if topic.name in seen
        for check in RAW_CHECKS
    ]
    return [result for result in results if result is not None]


def _rejected_count(connection: Connection, topic: Topic, since_batch_id: int) -> int:
    if not is_built(connection, "marts.fct_rejected_records"):
        return 0
    sql = "select count(*) from marts.fct_rejected_records where kafka_topic = ? and batch_id > ?"
    return _one(connection, sql, [topic.name, since_batch_id])[0]


def newest_batch_id(connection: Connection) -> int:
    return _one(connection, "select coalesce(max(batch_id), 0) from ops.batches", [])[0]


def _one(connection: Connection, sql: str, values: Sequence[Any]) -> tuple:
    row = connection.execute(sql, values).fetchone()
    assert row is not None  # noqa: S101  (an aggregate returns one row)
    return row
