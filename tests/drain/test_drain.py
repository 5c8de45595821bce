"""The drain on a real broker and a real warehouse: each message once, whatever moves under it.

What is asked at the end is always the same: raw holds what was published (tests/support/ledger.py kept
account), and the checks of the raw tables agree. The last tests plant bugs and see that this finds them.
"""

import random
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Literal

import pytest

from ingest.core.settings import Settings
from ingest.core.topics import TOPICS, Topic
from ingest.core.window import Partition, Window
from ingest.drain.drain import Drain
from ingest.drain.gathering import Limits
from ingest.kafka.open import open_log
from ingest.warehouse.duckdb import warehouse as duckdb_warehouse
from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse
from ingest.warehouse.protocol import Landed
from orchestration.checks import raw_tables as checks
from tests.conftest import TopicFactory
from tests.support.ledger import Ledger, landed
from tests.support.other_side import OtherSide, Sent, numbered

SMALL = Limits(max_messages=10)


@dataclass
class Site:
    """A topic, who writes to it, and a warehouse to drain it into."""

    settings: Settings
    topic: Topic
    ledger: Ledger
    other_side: OtherSide
    warehouse: DuckDbWarehouse

    def publish(self, count: int, partition: int = 0) -> None:
        self.ledger.publish(self.topic.name, numbered(count), partition)

    def recreate(self, partitions: int = 2) -> None:
        self.ledger.recreate(self.other_side, self.topic.name, partitions)

    def retain_from(self, offset: int, *, landed_before: int, partition: int = 0) -> None:
        """Retention takes what is below; what had landed by then stays expected."""
        self.other_side.delete_records(self.topic.name, partition, before=offset)
        self.ledger.forget(self.topic.name, partition, landed_before, offset)

    @contextmanager
    def drain(self, limits: Limits = SMALL) -> Iterator[Drain]:
        warehouse = DuckDbWarehouse(self.warehouse.file.path)
        with Drain(lambda: open_log(self.settings), warehouse, [self.topic], limits=limits) as drain:
            yield drain

    def drain_all(self) -> list[Landed]:
        with self.drain() as drain:
            return list(drain.run_once())

    def faults(self) -> list[str]:
        """What is wrong; nothing, if all that was published has landed once."""
        with self.warehouse.open() as connection:
            found = [c.name for c in checks.raw_checks(connection) if not c.passed and not c.is_warning]
            try:
                return found + (["raw"] if landed(connection) != self.ledger.published else [])
            except AssertionError:
                return [*found, "doubled"]


@pytest.fixture
def site(settings: Settings, topic_factory: TopicFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    topic = replace(topic_factory(partitions=2), raw_table=TOPICS[0].raw_table)
    monkeypatch.setattr(checks, "TOPICS", (topic,))
    warehouse = DuckDbWarehouse(settings.warehouse_path)
    warehouse.migrate()
    with closing(OtherSide(settings)) as other_side:
        yield Site(settings, topic, Ledger(settings), other_side, warehouse)


def test_batches_are_of_bounded_size_and_follow_each_other(site: Site) -> None:
    site.publish(35, partition=0)
    site.publish(8, partition=1)
    batches = site.drain_all()
    assert sum(batch.row_count for batch in batches) == 43
    assert all(batch.row_count <= SMALL.max_messages for batch in batches)
    assert [batch.batch_id for batch in batches] == list(range(1, len(batches) + 1))
    assert site.faults() == []
    assert site.drain_all() == []


def test_where_there_is_room_for_one_batch_topics_take_turns(
    site: Site, topic_factory: TopicFactory, settings: Settings
) -> None:
    other = replace(topic_factory(), raw_table=TOPICS[1].raw_table)
    for topic in (site.topic, other):
        site.ledger.publish(topic.name, numbered(6), 0)
    tight = Limits(max_messages=2, max_bytes_at_once=1)
    with Drain(lambda: open_log(settings), site.warehouse, [site.topic, other], limits=tight) as drain:
        fetched = []
        while batches := drain.fetch():
            (batch,) = batches
            assert drain.land(batch)
            fetched += [batch.topic] if batch.row_count else []
    assert fetched == [site.topic.name, other.name] * 3


def test_a_drain_that_stays_sees_what_comes(site: Site) -> None:
    with site.drain() as drain:
        for count in (3, 25, 0, 4):
            site.publish(count)
            list(drain.run_once())
            assert drain.lag() == {site.topic.name: 0}
    assert site.faults() == []


def test_an_empty_topic_is_written_down_once(site: Site) -> None:
    (landed,) = site.drain_all()
    assert landed.row_count == 0
    assert [(window.first, window.end) for window in landed.windows] == [(0, 0), (0, 0)]
    assert site.drain_all() == []


def test_latest_skips_what_was_there_and_nothing_after(site: Site) -> None:
    site.topic = replace(site.topic, start_from="latest")
    site.publish(5)
    site.ledger.published.clear()
    site.drain_all()
    site.publish(5)
    site.drain_all()
    assert site.faults() == []


def test_of_two_drains_the_second_looks_again(site: Site) -> None:
    site.publish(30)
    with site.drain() as first, site.drain() as second:
        (early,), (late,) = first.fetch(), second.fetch()
        assert first.land(early)
        assert second.land(late) is None
        list(second.run_once())
        assert list(first.run_once()) == []
    assert site.faults() == []


def test_drains_in_a_race(site: Site) -> None:
    def race() -> None:
        with site.drain() as drain:
            while not done.is_set():
                list(drain.run_once())

    done = threading.Event()
    racers = [threading.Thread(target=race) for _ in range(3)]
    for racer in racers:
        racer.start()
    for _ in range(10):
        site.publish(15, partition=0)
        site.publish(15, partition=1)
    done.set()
    for racer in racers:
        racer.join()
    site.drain_all()
    assert site.faults() == []


@pytest.mark.parametrize("count", [5, 30, 60])
def test_a_topic_made_anew_while_it_is_read(site: Site, count: int) -> None:
    """With fewer messages, as many and more: the batch in hand is dropped."""
    site.publish(30)
    with site.drain() as drain:
        (batch,) = drain.fetch()
        assert drain.land(batch)
        site.ledger.forget(site.topic.name, 0, batch.row_count, 30)
        site.recreate()
        site.publish(count)
        list(drain.run_once())
    assert site.faults() == []


def test_a_topic_made_anew_between_the_reading_and_the_landing(site: Site) -> None:
    """What was read before belongs to the first life, and lands there."""
    site.publish(5)
    with site.drain() as drain:
        (batch,) = drain.fetch()
        site.recreate()
        site.publish(5)
        assert drain.land(batch)
        (again,) = drain.run_once()
    assert (again.opened_life, again.row_count) == (2, 5)
    assert site.faults() == []


def test_a_deleted_topic_has_no_lag(site: Site) -> None:
    site.publish(5)
    with site.drain() as drain:
        list(drain.run_once())
        site.publish(7)
        site.other_side.delete_topic(site.topic.name)
        assert list(drain.run_once()) == []
        assert drain.lag() == {}


def test_retention_that_passes_while_reading(site: Site) -> None:
    site.ledger.publish(site.topic.name, [Sent(bytes(900_000))] * 40)
    with site.drain(Limits(max_messages=2)) as drain:
        (batch,) = drain.fetch()
        assert drain.land(batch)
        site.retain_from(39, landed_before=batch.row_count)
        lost = [window for landed in drain.run_once() for window in landed.lost]
    # What the client had fetched ahead may still land.
    (window,) = lost
    assert window == Window(Partition(site.topic.name, 1, 0), window.first, 39)
    with site.warehouse.open() as connection:
        rows = connection.execute("select kafka_offset from raw.binance_trades order by all").fetchall()
    assert [offset for (offset,) in rows] == [*range(window.first), 39]


@pytest.mark.parametrize("seed", range(3))
def test_any_history(site: Site, seed: int) -> None:
    """Whatever happens to the topic between two landings, by whomever they are made."""
    dice = random.Random(seed)
    partitions = 2
    with site.drain() as one, site.drain() as other:
        for _ in range(12):
            match dice.choice(["publish", "publish", "transaction", "retention", "partition", "recreate"]):
                case "publish":
                    site.publish(dice.randint(1, 25), dice.randrange(partitions))
                case "transaction":
                    endings: tuple[Literal["commit", "abort"], ...] = ("commit", "abort")
                    site.ledger.publish_in_transaction(site.topic.name, numbered(4), dice.choice(endings))
                case "retention":
                    list(one.run_once())
                    site.publish(6)
                    at = site.warehouse.positions()[site.topic.name].next_offsets[0]
                    site.retain_from(at + 3, landed_before=at)
                case "partition":
                    partitions += 1
                    site.other_side.add_partitions(site.topic.name, partitions)
                case "recreate":
                    list(other.run_once())
                    partitions = dice.randint(1, 2)
                    site.recreate(partitions)
            drain = dice.choice([one, other])
            for batch in drain.fetch():
                drain.land(batch)
        list(one.run_once())
    assert site.faults() == []


# --- planted bugs --------------------------------------------------------------------------------


def crash_after_the_position(monkeypatch: pytest.MonkeyPatch) -> None:
    def insert_rows(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(duckdb_warehouse, "_insert_rows", insert_rows)


def crash_and_go_on(site: Site, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A drain that ends between position and rows, and another one after it."""
    site.publish(5)
    site.drain_all()
    site.publish(20)
    with monkeypatch.context() as broken, site.drain() as drain:
        crash_after_the_position(broken)
        (batch,) = drain.fetch()
        with pytest.raises(KeyboardInterrupt):
            drain.land(batch)
    site.drain_all()
    return site.faults()


def test_a_crash_between_position_and_rows_loses_nothing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    assert crash_and_go_on(site, monkeypatch) == []


def test_found_a_position_that_is_committed_before_its_rows(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duckdb_warehouse, "transaction", nullcontext)
    assert crash_and_go_on(site, monkeypatch) == ["coordinates_complete", "raw"]


def test_found_a_landing_without_compare_and_swap(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    original = duckdb_warehouse._move_position

    def always(connection, landing) -> None:
        connection.execute(
            "delete from ops.positions where topic = ? and kafka_partition = ?",
            [landing.window.partition.topic, landing.window.partition.number],
        )
        original(connection, replace(landing, position=None))

    monkeypatch.setattr(duckdb_warehouse, "_move_position", always)
    site.publish(10)
    with site.drain() as first, site.drain() as second:
        batches = [(drain, batch) for drain in (first, second) for batch in drain.fetch()]
        for drain, batch in batches:
            drain.land(batch)
    assert site.faults() == ["coordinates_unique", "coordinates_complete", "doubled"]


def test_found_a_life_that_is_not_looked_at(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Drain, "_check_life", lambda *_: None)
    site.publish(30)
    with site.drain() as drain:
        (batch,) = drain.fetch()
        drain.land(batch)
        site.ledger.forget(site.topic.name, 0, batch.row_count, 30)
        site.recreate()
        site.publish(60)
        list(drain.run_once())
    assert "raw" in site.faults()
