"""The log changes under its reader: topics end and begin again, records go, partitions and records come."""

import threading

import pytest

from ingest.core.errors import StaleLanding
from ingest.core.window import Bounds
from ingest.kafka.log import KafkaLog
from tests.support.other_side import OtherSide, Sent, numbered
from tests.support.reading import read_rows

MORE_THAN_IS_FETCHED_AHEAD = [Sent(bytes(900_000))] * 60


def test_a_new_partition_appears(log: KafkaLog, other_side: OtherSide) -> None:
    topic = other_side.create_topic()
    assert set(log.states([topic])[topic].bounds) == {0}
    other_side.add_partitions(topic, 3)
    other_side.publish(topic, numbered(2), partition=2)
    assert log.states([topic])[topic].bounds == {0: Bounds(0, 0), 1: Bounds(0, 0), 2: Bounds(0, 2)}
    assert [row.offset for row in read_rows(log, topic)[2]] == [0, 1]


def test_a_topic_made_again_has_another_id(log: KafkaLog, other_side: OtherSide) -> None:
    topic = other_side.create_topic()
    other_side.publish(topic, numbered(5))
    before = log.topic_ids([topic])[topic]
    assert before is not None
    assert log.states([topic])[topic].topic_id == log.topic_ids([topic])[topic] == before
    other_side.delete_topic(topic)
    assert log.topic_ids([topic]) == log.states([topic]) == {}
    other_side.create_topic(topic)
    assert log.topic_ids([topic])[topic] not in {None, before}


def test_the_second_life_is_read_by_the_reader_of_the_first(log: KafkaLog, other_side: OtherSide) -> None:
    topic = other_side.create_topic()
    other_side.publish(topic, [Sent(b"first life")] * 5)
    read_rows(log, topic)
    other_side.delete_topic(topic)
    other_side.create_topic(topic)
    other_side.publish(topic, [Sent(b"second life")] * 3)
    assert [row.value for row in read_rows(log, topic)[0]] == [b"second life"] * 3


def test_removed_records_move_the_start(log: KafkaLog, other_side: OtherSide) -> None:
    topic = other_side.create_topic()
    other_side.publish(topic, numbered(10))
    other_side.delete_records(topic, 0, before=7)
    assert log.states([topic])[topic].bounds == {0: Bounds(7, 10)}
    assert [row.offset for row in read_rows(log, topic)[0]] == [7, 8, 9]


@pytest.mark.parametrize(
    ("window", "stuck_at"),
    [
        pytest.param((3, 10), 3, id="retention passed the position"),
        pytest.param((15, 20), 15, id="the log ends before the position"),
        pytest.param((8, 12), 10, id="the log ends inside of the window"),
        pytest.param((10, 11), 10, id="the log ends at the position"),
    ],
)
def test_what_is_not_there_is_stale(
    log: KafkaLog, other_side: OtherSide, window: tuple[int, int], stuck_at: int
) -> None:
    topic = other_side.create_topic()
    other_side.publish(topic, numbered(10))
    other_side.delete_records(topic, 0, before=7)
    with pytest.raises(StaleLanding, match=rf"{topic}\[0\] .*offset {stuck_at}"):
        read_rows(log, topic, {0: window})
    assert [row.offset for row in read_rows(log, topic)[0]] == [7, 8, 9]


def test_a_partition_that_does_not_exist_is_stale(log: KafkaLog, other_side: OtherSide) -> None:
    topic = other_side.create_topic()
    with pytest.raises(StaleLanding, match=rf"{topic}\[7\]"):
        read_rows(log, topic, {7: (0, 1)})


def test_a_topic_deleted_while_it_is_read_is_stale(log: KafkaLog, other_side: OtherSide) -> None:
    topic = other_side.create_topic()
    other_side.publish(topic, MORE_THAN_IS_FETCHED_AHEAD)
    reading = log.read(topic, {0: (0, len(MORE_THAN_IS_FETCHED_AHEAD))}, 1, 1)
    next(reading)
    other_side.delete_topic(topic)
    with pytest.raises(StaleLanding, match=topic):
        list(reading)


def test_retention_that_passes_the_reader_is_stale(log: KafkaLog, other_side: OtherSide) -> None:
    topic = other_side.create_topic()
    other_side.publish(topic, MORE_THAN_IS_FETCHED_AHEAD)
    reading = log.read(topic, {0: (0, len(MORE_THAN_IS_FETCHED_AHEAD))}, 1, 1)
    next(reading)
    other_side.delete_records(topic, 0, before=len(MORE_THAN_IS_FETCHED_AHEAD) - 1)
    with pytest.raises(StaleLanding, match=topic):
        list(reading)


def test_reading_keeps_up_with_a_writer(log: KafkaLog, other_side: OtherSide) -> None:
    topic = other_side.create_topic(partitions=2)
    sent = numbered(200)

    def write() -> None:
        for first in range(0, len(sent), 20):
            for partition in range(2):
                other_side.publish(topic, sent[first : first + 20], partition)

    writer = threading.Thread(target=write)
    writer.start()
    rows: dict[int, list[bytes | None]] = {0: [], 1: []}
    positions = {0: 0, 1: 0}
    while min(positions.values()) < len(sent):
        bounds = log.states([topic])[topic].bounds
        windows = {number: (positions[number], bounds[number].end) for number in bounds}
        for number, found in read_rows(log, topic, windows, max_messages=7).items():
            rows[number] += [row.value for row in found]
            positions[number] = windows[number][1]
    writer.join()
    assert rows == {0: [each.value for each in sent], 1: [each.value for each in sent]}
