"""A replay names old batches in a new one; nothing that landed changes."""

from datetime import UTC, datetime, timedelta

import pytest

from ingest.core.errors import NeedsAttention
from ingest.core.window import Partition, Window
from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse
from ingest.warehouse.replay import Batches, batches_between, batches_of, replay
from tests.warehouse.batches import PUBLISHED_MS, RAW, TOPIC, batch, landing
from tests.warehouse.soundness import assert_raw_is_sound

FIRST_PUBLISHED = datetime.fromtimestamp(PUBLISHED_MS / 1000, UTC).replace(tzinfo=None)


@pytest.fixture
def landed(duckdb_warehouse: DuckDbWarehouse) -> DuckDbWarehouse:
    """Three batches of ten messages, one a millisecond."""
    for first in (0, 10, 20):
        duckdb_warehouse.land(batch(landing(first, first + 10, first or None)), None)
    return duckdb_warehouse


def at(milliseconds: int) -> datetime:
    return FIRST_PUBLISHED + timedelta(milliseconds=milliseconds)


def test_a_replay_is_a_batch_that_names_batches(landed: DuckDbWarehouse) -> None:
    with landed.open() as connection:
        before = connection.execute(f"from {RAW} order by all").fetchall()
        done = replay(landed, TOPIC, Batches(2, 3), run_id="by hand")
        assert (done.batch_id, done.row_count) == (4, 20)
        assert connection.execute(
            """select kind, topic, replay_first_batch_id, replay_last_batch_id, run_id
               from ops.batches where batch_id = 4"""
        ).fetchall() == [("replay", TOPIC.name, 2, 3, "by hand")]
        assert connection.execute(f"from {RAW} order by all").fetchall() == before
        assert_raw_is_sound(connection)
    assert landed.land(batch(landing(30, 31, 30)), None).batch_id == 5


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (None, None, Batches(1, 3)),
        (at(10), None, Batches(2, 3)),
        (None, at(10), Batches(1, 1)),
        (at(9), at(11), Batches(1, 2)),
        (at(29), at(1000), Batches(3, 3)),
    ],
)
def test_batches_by_time(
    landed: DuckDbWarehouse, start: datetime | None, end: datetime | None, expected: Batches
) -> None:
    with landed.file.reading() as connection:
        assert batches_between(connection, TOPIC, start, end) == expected


def test_messages_without_a_time_count_by_when_they_landed(landed: DuckDbWarehouse) -> None:
    with landed.open() as connection:
        connection.execute(f"update {RAW} set published_at = null where batch_id = 2")
        today = datetime.now(UTC).replace(tzinfo=None) - timedelta(days=1)
        assert batches_between(connection, TOPIC, today, None) == Batches(2, 2)


@pytest.mark.parametrize(("first", "end", "expected"), [(0, 10, Batches(1, 1)), (5, 21, Batches(1, 3))])
def test_batches_by_offsets(landed: DuckDbWarehouse, first: int, end: int, expected: Batches) -> None:
    with landed.file.reading() as connection:
        assert batches_of(connection, TOPIC, Window(Partition(TOPIC.name, 1, 0), first, end)) == expected


def test_where_no_rows_are_nothing_is_replayed(landed: DuckDbWarehouse) -> None:
    with landed.open() as connection:
        for ask in (
            lambda: batches_between(connection, TOPIC, at(1000), None),
            lambda: batches_of(connection, TOPIC, Window(Partition(TOPIC.name, 2, 0), 0, 10)),
            lambda: replay(landed, TOPIC, Batches(4, 9)),
        ):
            with pytest.raises(NeedsAttention, match="nothing to replay"):
                ask()
        assert connection.execute("select count(*) from ops.batches").fetchall() == [(3,)]
        connection.execute(f"truncate {RAW}")
        with pytest.raises(NeedsAttention, match="nothing to replay"):
            replay(landed, TOPIC)
