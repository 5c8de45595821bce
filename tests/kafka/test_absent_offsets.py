"""Offsets that carry no record: transaction markers, aborted and compacted records."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.core.window import Bounds
from ingest.kafka.log import KafkaLog
from tests.support.other_side import OtherSide, Sent, numbered
from tests.support.reading import read_rows


@pytest.fixture(scope="module")
def sparse_topic(other_side: OtherSide) -> str:
    """Two partitions of records, markers and aborted records; 0 ends with aborted ones, 1 is nothing else."""
    topic = other_side.create_topic(partitions=2)
    other_side.publish(topic, numbered(10))
    other_side.publish_in_transaction(topic, numbered(5), commit=True)
    other_side.publish_in_transaction(topic, numbered(200), commit=False)
    other_side.publish(topic, numbered(100, size=500))
    other_side.publish_in_transaction(topic, numbered(3), commit=False)
    other_side.publish_in_transaction(topic, numbered(3), 1, commit=False)
    return topic


SPARSE_BOUNDS = {0: Bounds(0, 10 + 6 + 201 + 100 + 4), 1: Bounds(0, 4)}
SPARSE_OFFSETS = {0: [*range(15), *range(217, 317)], 1: []}


def test_the_end_is_reached_behind_the_last_record(log: KafkaLog, sparse_topic: str) -> None:
    assert log.states([sparse_topic])[sparse_topic].bounds == SPARSE_BOUNDS
    rows = read_rows(log, sparse_topic)
    assert {number: [row.offset for row in found] for number, found in rows.items()} == SPARSE_OFFSETS


@pytest.mark.parametrize("window", [(16, 217), (15, 16), (100, 150), (316, 321), (317, 321)])
def test_a_window_may_begin_and_end_between_messages(
    log: KafkaLog, sparse_topic: str, window: tuple[int, int]
) -> None:
    expected = [offset for offset in SPARSE_OFFSETS[0] if window[0] <= offset < window[1]]
    assert [row.offset for row in read_rows(log, sparse_topic, {0: window})[0]] == expected


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(max_messages=st.integers(1, 150), max_bytes=st.integers(1, 60_000))
def test_however_it_is_cut_every_message_comes_once(
    log: KafkaLog, sparse_topic: str, max_messages: int, max_bytes: int
) -> None:
    rows = read_rows(log, sparse_topic, max_messages=max_messages, max_bytes=max_bytes)
    assert {number: [row.offset for row in found] for number, found in rows.items()} == SPARSE_OFFSETS


def test_an_open_transaction_is_not_there_yet(log: KafkaLog, other_side: OtherSide) -> None:
    topic = other_side.create_topic()
    other_side.publish(topic, numbered(3))
    producer = other_side.open_transaction(topic, numbered(2))
    other_side.publish(topic, [Sent(b"behind the open transaction")])
    assert log.states([topic])[topic].bounds == {0: Bounds(0, 3)}
    assert [row.offset for row in read_rows(log, topic)[0]] == [0, 1, 2]
    producer.commit_transaction()
    assert log.states([topic])[topic].bounds == {0: Bounds(0, 7)}
    assert [row.offset for row in read_rows(log, topic, {0: (3, 7)})[0]] == [3, 4, 5]


@pytest.fixture(scope="module")
def compacted_topic(other_side: OtherSide) -> str:
    """250 records of three keys in five segments, of which the cleaner leaves few: it spares the last."""
    topic = other_side.create_topic(cleanup_policy="compact", segment_ms=1, min_cleanable_dirty_ratio=0)
    for number in range(5):
        other_side.publish(topic, [Sent(b"%d" % number, key=b"%d" % (n % 3)) for n in range(50)])
    other_side.compact(topic)
    return topic


def test_compaction_leaves_absent_offsets(log: KafkaLog, compacted_topic: str) -> None:
    assert log.states([compacted_topic])[compacted_topic].bounds == {0: Bounds(0, 250)}
    rows = read_rows(log, compacted_topic)[0]
    assert [row.offset for row in rows if row.offset < 200] == [197, 198, 199]
    assert [row.offset for row in rows if row.offset >= 200] == list(range(200, 250))
    assert read_rows(log, compacted_topic, {0: (10, 150)}) == {0: []}
