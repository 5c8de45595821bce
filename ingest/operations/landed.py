"""What the warehouse knows of each topic: where it stands, how new its rows are, what was lost or rejected.

positions + three questions for all topics at once ─▶ {topic: LandedTopic}
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ingest.core.topics import BY_NAME
from ingest.warehouse.connection import Connection, is_built
from ingest.warehouse.protocol import TopicPositions, Warehouse

LOST = "select topic, sum(end_offset - first_offset) from ops.lost_ranges group by topic"
REJECTED_RECORDS = "marts.fct_rejected_records"
REJECTED = f"select kafka_topic, count(*) from {REJECTED_RECORDS} group by kafka_topic"


@dataclass(frozen=True, slots=True)
class LandedTopic:
    """What the warehouse knows of a topic."""

    positions: TopicPositions
    newest_at: datetime | None
    rejected: int
    lost: int


def read_landed(warehouse: Warehouse) -> dict[str, LandedTopic]:
    """By topic, those that ever landed."""
    positions = warehouse.positions()
    if not positions:
        return {}
    with warehouse.reading() as connection:
        return _by_topic(positions, connection)


def _by_topic(positions: Mapping[str, TopicPositions], connection: Connection) -> dict[str, LandedTopic]:
    def ask(sql: str) -> dict[str, Any]:
        return dict(connection.execute(sql).fetchall())

    known = {name: position for name, position in positions.items() if name in BY_NAME}
    newest: dict[str, datetime | None] = ask(_newest_query(known)) if known else {}
    lost: dict[str, int] = ask(LOST)
    rejected: dict[str, int] = ask(REJECTED) if is_built(connection, REJECTED_RECORDS) else {}
    return {
        name: LandedTopic(
            position,
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
