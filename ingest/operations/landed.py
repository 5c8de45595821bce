"""What the warehouse knows of each topic: where it stands, how new its rows are, what was lost or rejected.

positions + three questions for all topics at once ─▶ {topic: LandedTopic}
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from ingest.core.settings import Settings
from ingest.core.topics import BY_NAME
from ingest.warehouse.duckdb.file import DuckDbFile
from ingest.warehouse.duckdb.warehouse import read_positions
from ingest.warehouse.protocol import TopicPositions

Ask = Callable[[str], list[tuple]]

LOST = "select topic, sum(end_offset - first_offset) from ops.lost_ranges group by topic"
REJECTED = "select kafka_topic, count(*) from marts.fct_rejected_records group by kafka_topic"
# Of its columns: not every catalogue has views among the tables.
IS_BUILT = """select 1 from information_schema.columns
              where lower(table_schema) = 'marts' and lower(table_name) = 'fct_rejected_records' limit 1"""


@dataclass(frozen=True, slots=True)
class LandedTopic:
    """What the warehouse knows of a topic."""

    next_offsets: Mapping[int, int]
    topic_id: str | None
    newest_at: datetime | None
    rejected: int
    lost: int


def read_landed(settings: Settings, wait_seconds: float) -> dict[str, LandedTopic]:
    """By topic, those that ever landed."""
    if settings.warehouse == "snowflake":
        return _in_snowflake(settings)
    if not settings.warehouse_path.exists():
        return {}
    with DuckDbFile(settings.warehouse_path).reading(wait_seconds) as connection:
        return _by_topic(read_positions(connection), lambda sql: connection.execute(sql).fetchall())


def _in_snowflake(settings: Settings) -> dict[str, LandedTopic]:
    from ingest.warehouse.snowflake.warehouse import SnowflakeWarehouse

    warehouse = SnowflakeWarehouse(settings)
    try:
        positions = warehouse.positions()
        with warehouse.cursor() as cursor:

            def ask(sql: str) -> list[tuple]:
                cursor.execute(sql)
                return [tuple(row) for row in cursor.fetchall()]

            return _by_topic(positions, ask)
    finally:
        warehouse.close()


def _by_topic(positions: Mapping[str, TopicPositions], ask: Ask) -> dict[str, LandedTopic]:
    known = {name: position for name, position in positions.items() if name in BY_NAME}
    newest: dict[str, datetime | None] = dict(ask(_newest_query(known))) if known else {}
    lost: dict[str, int] = dict(ask(LOST))
    rejected: dict[str, int] = dict(ask(REJECTED)) if ask(IS_BUILT) else {}
    return {
        name: LandedTopic(
            position.next_offsets,
            position.topic_id,
            at.replace(tzinfo=UTC) if (at := newest.get(name)) else None,
            rejected.get(name, 0),
            int(lost.get(name, 0)),
        )
        for name, position in known.items()
    }


def _newest_query(topics: Mapping[str, object]) -> str:
    """Of each topic the newest message; its last batches hold it."""
    return " union all ".join(
        f"""select '{name}', max(published_at) from raw.{BY_NAME[name].raw_table}
            where batch_id >= (
                select max(batch_id) from ops.windows where topic = '{name}' and row_count > 0)"""
        for name in topics
    )
