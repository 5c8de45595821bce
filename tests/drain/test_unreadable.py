"""One topic's trouble is that topic's: what cannot be read is named, all else lands, and somebody decides."""

import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from ingest.cli import app
from ingest.core.errors import NeedsAttention, RecordsUnreadable
from ingest.core.settings import Settings
from ingest.core.topics import TOPICS, Topic
from ingest.drain import troubles
from ingest.drain.drain import Drain
from ingest.drain.repair import repair
from ingest.drain.skip import skip
from ingest.kafka.guarded_batch import HEADER_BLOCK, MAX_UNPACKED_BYTES
from ingest.kafka.open import open_log
from ingest.kafka.topic_admin import ensure_topics
from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse
from tests.conftest import TopicFactory
from tests.support import hostile
from tests.support.other_side import OtherSide, numbered


@pytest.fixture
def other_side(settings: Settings) -> Iterator[OtherSide]:
    with closing(OtherSide(settings)) as other:
        yield other


@pytest.fixture
def topics(topic_factory: TopicFactory) -> list[Topic]:
    return [
        replace(topic_factory(partitions=2), raw_table=TOPICS[0].raw_table),
        replace(topic_factory(), raw_table=TOPICS[1].raw_table),
    ]


@pytest.fixture
def warehouse(settings: Settings) -> DuckDbWarehouse:
    warehouse = DuckDbWarehouse(settings.warehouse_path)
    warehouse.migrate()
    return warehouse


def drain_of(settings: Settings, warehouse: DuckDbWarehouse, topics: list[Topic]) -> Drain:
    return Drain(lambda: open_log(settings), warehouse, topics)


def offsets(warehouse: DuckDbWarehouse, topic: Topic) -> dict[int, list[int]]:
    sql = f"""select kafka_partition, list(kafka_offset order by kafka_offset) from raw.{topic.raw_table}
        where kafka_topic = '{topic.name}' group by all order by all"""
    with warehouse.reading() as connection:
        return dict(connection.execute(sql).fetchall())


def test_all_else_lands_and_a_skip_goes_on(
    settings: Settings,
    warehouse: DuckDbWarehouse,
    topics: list[Topic],
    other_side: OtherSide,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hurt, other = topics
    patience = threading.Event()
    monkeypatch.setattr(troubles._Trouble, "is_recent", property(lambda _: not patience.is_set()))
    other_side.publish(hurt.name, numbered(3))
    hostile.publish_bombs(other_side, hurt.name, [2 * MAX_UNPACKED_BYTES])
    other_side.publish(hurt.name, numbered(2))
    other_side.publish(hurt.name, numbered(2), partition=1)
    other_side.publish(other.name, numbered(4))
    with drain_of(settings, warehouse, topics) as drain:
        list(drain.run_once())
        assert offsets(warehouse, hurt) == {0: [0, 1, 2], 1: [0, 1]}
        assert offsets(warehouse, other) == {0: [0, 1, 2, 3]}
        error = drain.troubles[hurt.name]
        assert isinstance(error, RecordsUnreadable)
        assert (error.partition, error.first, error.end) == (0, 3, 4)
        assert drain.is_caught_up
        assert drain.lag() == {hurt.name: 3, other.name: 0}
        # The rest of the topic goes on meanwhile, and the bad one is not read over and over.
        other_side.publish(hurt.name, numbered(1), partition=1)
        list(drain.run_once())
        assert offsets(warehouse, hurt) == {0: [0, 1, 2], 1: [0, 1, 2]}
        with closing(open_log(settings)) as log:
            lost = skip(log, warehouse, hurt, partition=0, offset=3)
        assert (lost.first, lost.end) == (3, 4)
        patience.set()
        for _ in range(2):  # it is tried again, and then looked for where the position is now
            list(drain.run_once())
        assert drain.troubles == {}
    assert offsets(warehouse, hurt) == {0: [0, 1, 2, 4, 5], 1: [0, 1, 2]}
    with warehouse.reading() as connection:
        written_down = connection.execute(
            "select topic, kafka_partition, first_offset, end_offset, reason from ops.lost_ranges"
        ).fetchall()
    assert written_down == [(hurt.name, 0, 3, 4, "skipped")]
    with closing(open_log(settings)) as log:
        assert list(repair(log, warehouse, hurt)) == []


def test_a_topic_that_begins_with_it(
    settings: Settings, warehouse: DuckDbWarehouse, topics: list[Topic], other_side: OtherSide
) -> None:
    hurt, _ = topics
    hostile.publish_bombs(other_side, hurt.name, [2 * MAX_UNPACKED_BYTES])
    other_side.publish(hurt.name, numbered(1))
    with closing(open_log(settings)) as log:
        skip(log, warehouse, hurt, partition=0, offset=0)
    with drain_of(settings, warehouse, topics) as drain:
        list(drain.run_once())
    assert offsets(warehouse, hurt) == {0: [1]}


def test_what_can_be_read_is_not_skipped(
    settings: Settings, warehouse: DuckDbWarehouse, topics: list[Topic], other_side: OtherSide
) -> None:
    topic, _ = topics
    other_side.publish(topic.name, numbered(2))
    with closing(open_log(settings)) as log:
        with pytest.raises(NeedsAttention, match="offset 0 can be read"):
            skip(log, warehouse, topic, partition=0, offset=0)
        with pytest.raises(NeedsAttention, match="goes on at offset 0, not at 1"):
            skip(log, warehouse, topic, partition=0, offset=1)
        with pytest.raises(NeedsAttention, match="nothing left to land"):
            skip(log, warehouse, topic, partition=1, offset=0)
    assert offsets(warehouse, topic) == {}


def test_bytes_for_a_header_s_name_are_landed(
    settings: Settings, warehouse: DuckDbWarehouse, topics: list[Topic]
) -> None:
    topic, _ = topics
    hostile.publish_with_headers(settings, topic.name, [("venue", b"v"), (hostile.NotText("ÿ"), b"1")])
    with drain_of(settings, warehouse, topics) as drain:
        list(drain.run_once())
        assert drain.troubles == {}
    with warehouse.reading() as connection:
        ((headers,),) = connection.execute(f"select headers from raw.{topic.raw_table}").fetchall()
    assert [header["name"] for header in headers] == ["venue", r"\xff", HEADER_BLOCK]
    assert b"\xff" in headers[-1]["value_bytes"]


def test_the_commands_say_it_and_pass_over_it(
    settings: Settings, other_side: OtherSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = "feeds.events"
    monkeypatch.setenv("TICKHOUSE_HOME", str(settings.tickhouse_home))
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", settings.bootstrap_servers)
    ensure_topics(settings)
    hostile.publish_bombs(other_side, topic, [2 * MAX_UNPACKED_BYTES])
    drained = CliRunner().invoke(app, ["drain", "--topic", topic])
    assert drained.exit_code == 1
    place = [topic, "--partition", "0", "--offset"]
    said = " ".join(drained.output.split())
    before = said.split(f"tickhouse skip {' '.join(place)} ")[1].split("`")[0]
    skipped = CliRunner().invoke(app, ["skip", *place, before])
    assert "1 offsets passed over, written down as lost." in skipped.output
    assert CliRunner().invoke(app, ["drain", "--topic", topic]).exit_code == 0
