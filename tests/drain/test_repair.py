"""Repair against a real broker: what raw lacks comes back, once, and what cannot is written down."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import pytest

from ingest.core.errors import NeedsAttention
from ingest.core.settings import Settings
from ingest.core.topics import Topic
from ingest.drain.drain import Drain, Limits
from ingest.drain.repair import repair
from ingest.kafka.log import KafkaLog
from ingest.kafka.open import open_log
from ingest.warehouse.duckdb.warehouse import RAW_COLUMNS, DuckDbWarehouse
from ingest.warehouse.holes import Filled, find_holes
from tests.support.other_side import OtherSide, Sent
from tests.warehouse.soundness import assert_raw_is_sound

WHAT_CAME = "* exclude (landed_at, batch_id)"


@dataclass(frozen=True)
class Landed:
    """A topic with messages of every kind, drained into a warehouse in small batches."""

    topic: Topic
    warehouse: DuckDbWarehouse
    other_side: OtherSide
    open_log: Callable[[], KafkaLog]

    def drain(self) -> None:
        small = Limits(max_messages=7)
        with Drain(self.open_log, self.warehouse, [self.topic], limits=small) as drain:
            list(drain.run_once())

    def repair(self) -> list[Filled]:
        log = self.open_log()
        try:
            return list(repair(log, self.warehouse, self.topic, run_id="by hand"))
        finally:
            log.close()

    def execute(self, sql: str) -> list[tuple]:
        with self.warehouse.open() as connection:
            return connection.execute(sql.format(raw=f"raw.{self.topic.raw_table}")).fetchall()

    def assert_sound(self) -> None:
        with self.warehouse.open() as connection:
            assert_raw_is_sound(connection, self.topic)


@pytest.fixture
def landed(
    settings: Settings, topic_factory: Callable[..., Topic], duckdb_warehouse: DuckDbWarehouse
) -> Iterator[Landed]:
    topic = topic_factory(partitions=2)
    other_side = OtherSide(settings)
    for number in range(2):
        other_side.publish(
            topic.name, [Sent(f"{n}".encode(), b"k", (("h", b"\xff"),)) for n in range(10)], number
        )
    other_side.publish_in_transaction(topic.name, [Sent(b"never was")] * 3, commit=False)
    other_side.publish_in_transaction(topic.name, [Sent(None), Sent(b"\xfe")], commit=True)
    with duckdb_warehouse.open() as connection:
        connection.execute(f"create table raw.{topic.raw_table} ({RAW_COLUMNS})")
    ready = Landed(topic, duckdb_warehouse, other_side, partial(open_log, settings))
    ready.drain()
    yield ready
    other_side.close()


def test_nothing_is_repaired_where_nothing_is_missing(landed: Landed) -> None:
    assert landed.repair() == []
    landed.assert_sound()


@pytest.mark.parametrize(
    "where", ["true", "kafka_offset % 3 = 1", "kafka_partition = 1", "payload is null", "kafka_offset >= 8"]
)
def test_deleted_rows_come_back_as_they_were(landed: Landed, where: str) -> None:
    before = landed.execute(f"select {WHAT_CAME} from {{raw}} order by all")
    kept = landed.execute(f"select * from {{raw}} where not ({where}) order by all")
    deleted = len(landed.execute(f"delete from {{raw}} where {where} returning 1"))

    filled = landed.repair()

    assert sum(part.row_count for part in filled) == deleted
    assert not any(part.lost for part in filled)
    assert landed.execute(f"select {WHAT_CAME} from {{raw}} order by all") == before
    of_repairs = "batch_id in (select batch_id from ops.batches where kind = 'repair')"
    assert landed.execute(f"select * from {{raw}} where not ({of_repairs}) order by all") == kept
    landed.assert_sound()
    assert landed.repair() == []


def test_the_drain_goes_on_after_a_repair(landed: Landed) -> None:
    landed.execute("delete from {raw} where kafka_offset > 4")
    landed.repair()
    landed.other_side.publish(landed.topic.name, [Sent(b"later")])
    landed.drain()
    assert landed.execute("select count(*) from {raw}") == [(23,)]
    landed.assert_sound()


def test_what_retention_took_meanwhile_is_written_down(landed: Landed) -> None:
    landed.execute("delete from {raw} where kafka_partition = 1 and kafka_offset in (2, 6)")
    landed.other_side.delete_records(landed.topic.name, 1, before=4)
    filled = landed.repair()
    assert sum(part.row_count for part in filled) == 1
    assert [str(window) for part in filled for window in part.lost] == [f"{landed.topic.name}[1] [2, 3)"]
    assert landed.execute("select reason from ops.lost_ranges") == [("retention",)]
    landed.assert_sound()


def test_what_was_written_down_as_lost_is_landed_if_kafka_has_it(landed: Landed) -> None:
    before = landed.execute(f"select {WHAT_CAME} from {{raw}} order by all")
    landed.execute(
        "insert into ops.lost_ranges select batch_id, topic, topic_life, kafka_partition, first_offset, "
        "end_offset, 'retention', now()::timestamp from ops.windows"
    )
    landed.execute("delete from {raw}")
    landed.execute("delete from ops.windows")
    filled = landed.repair()
    assert sum(part.row_count for part in filled) == len(before)
    assert landed.execute(f"select {WHAT_CAME} from {{raw}} order by all") == before
    assert landed.execute("select count(*) from ops.lost_ranges") == [(0,)]
    landed.assert_sound()


def test_lives_are_never_mixed(landed: Landed) -> None:
    """The re-created topic has other messages at the same offsets."""
    landed.execute("delete from {raw} where kafka_offset = 5")
    landed.other_side.delete_topic(landed.topic.name)
    with pytest.raises(NeedsAttention, match="not in Kafka"):
        landed.repair()

    landed.other_side.create_topic(landed.topic.name, partitions=2)
    landed.other_side.publish(landed.topic.name, [Sent(b"second life")] * 12)
    with pytest.raises(NeedsAttention, match="created again"):
        landed.repair()
    assert landed.execute("select count(*) from {raw} where kafka_offset = 5") == [(0,)]

    landed.drain()
    landed.execute("delete from {raw} where topic_life = 2 and kafka_offset = 7")
    filled = landed.repair()
    assert sum(part.row_count for part in filled) == 1
    there = landed.execute("select topic_life, payload from {raw} where kafka_offset in (5, 7) order by all")
    assert there == [(1, "7"), (1, "7"), (2, "second life"), (2, "second life")]
    lost = landed.execute("select topic_life, kafka_partition, reason from ops.lost_ranges")
    assert set(lost) == {(1, 0, "topic_deleted"), (1, 1, "topic_deleted")}
    landed.assert_sound()
    with landed.warehouse.open() as connection:
        assert all(hole.is_lost_range for hole in find_holes(connection, landed.topic))
