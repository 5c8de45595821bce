"""What must be true of raw tables and of what ops says about them: the checks that the UI shows."""

from ingest.core.topics import Topic
from ingest.warehouse.connection import Connection
from orchestration.checks.raw_tables import coordinates_complete, coordinates_unique
from tests.warehouse.batches import TOPIC


def assert_raw_is_sound(connection: Connection, topic: Topic = TOPIC) -> None:
    """Unique and complete, looked at as a whole and from every batch on, as the loop does it."""
    newest = connection.execute("select coalesce(max(batch_id), 0) from ops.batches").fetchall()[0][0]
    for since in range(max(0, newest - 20), newest + 1):
        for check in (coordinates_unique, coordinates_complete):
            result = check(connection, topic, 0 if since == newest else since)
            assert result.passed, (since, result)
