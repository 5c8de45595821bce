"""What staging refused, by topic and reason."""

from collections.abc import Sequence
from dataclasses import dataclass

from ingest.warehouse.connection import Connection, is_built

REJECTED_RECORDS = "marts.fct_rejected_records"


@dataclass(frozen=True, slots=True)
class Rejected:
    """Records of a topic that were refused for the same reason, as long as raw keeps them."""

    topic: str
    reason: str
    count: int


def read_rejected(connection: Connection) -> Sequence[Rejected]:
    """Reasons are the models' own words, so there are few."""
    if not is_built(connection, REJECTED_RECORDS):
        return []
    rows = connection.execute(
        f"select kafka_topic, rejected_reason, count(*) from {REJECTED_RECORDS} group by 1, 2 order by 1, 2"
    ).fetchall()
    return [Rejected(*row) for row in rows]
