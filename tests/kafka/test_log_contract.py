"""What every KafkaLog must do, whichever client it reads with."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from ingest.core.window import Bounds
from ingest.kafka.log import KafkaLog
from tests.support.other_side import LARGEST_MESSAGE, OtherSide, Sent, numbered
from tests.support.reading import read_rows, whole

LONG_AGO = int(datetime(2024, 5, 1, tzinfo=UTC).timestamp() * 1000)


def test_whatever_was_sent_is_read_as_it_was(log: KafkaLog, other_side: OtherSide) -> None:
    headers = (("a", b"1"), ("a", b"2"), ("null", None), ("binary", b"\xff\x00"), ("", b""), ("žluť", b"3"))
    sent = [
        Sent(b"payload", key=b"BTCUSDT", headers=headers, timestamp_ms=LONG_AGO),
        Sent(None, key=b"tombstone", timestamp_ms=LONG_AGO + 1),
        Sent(b"", key=b"", timestamp_ms=LONG_AGO + 2),
        Sent(b"\xff\xfe not text", key=b"\xff", timestamp_ms=LONG_AGO + 3),
        Sent(b"no key", timestamp_ms=LONG_AGO + 4),
    ]
    topic = other_side.create_topic()
    other_side.publish(topic, sent)
    rows = read_rows(log, topic)[0]
    assert [(row.value, row.key, row.headers, row.timestamp_ms) for row in rows] == [
        tuple(each) for each in sent
    ]


@pytest.mark.parametrize("compression", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_every_compression_is_read(log: KafkaLog, other_side: OtherSide, compression: str) -> None:
    sent = numbered(3_000, size=1_000)
    topic = other_side.create_topic(max_message_bytes=LARGEST_MESSAGE)
    # Batches far beyond 1 MB once they are unpacked.
    options = {"compression_type": compression, "batch_size": 4 * 2**20, "linger_ms": 200}
    other_side.publish(topic, sent, **options)
    assert [row.value for row in read_rows(log, topic)[0]] == [each.value for each in sent]


def test_a_message_larger_than_any_limit_is_read(log: KafkaLog, other_side: OtherSide) -> None:
    huge = Sent(bytes(5 * 2**20))
    topic = other_side.create_topic(max_message_bytes=LARGEST_MESSAGE)
    other_side.publish(topic, [*numbered(3), huge, *numbered(3), huge])
    values = [row.value for row in read_rows(log, topic, max_bytes=2**20)[0]]
    assert list(map(len, filter(None, values))) == [20, 20, 20, 5 * 2**20, 20, 20, 20, 5 * 2**20]


def test_an_empty_topic_has_nothing_to_read(log: KafkaLog, other_side: OtherSide) -> None:
    topic = other_side.create_topic(partitions=2)
    assert log.states([topic])[topic].bounds == {0: Bounds(0, 0), 1: Bounds(0, 0)}
    assert list(log.read(topic, {0: (0, 0), 1: (0, 0)}, 10, 10)) == []


def test_topics_that_do_not_exist_are_left_out(log: KafkaLog, other_side: OtherSide) -> None:
    topic = other_side.create_topic()
    assert set(log.states([topic, "no.such.topic"])) == {topic}
    assert set(log.topic_ids([topic, "no.such.topic"])) == {topic}
    assert log.states([]) == log.topic_ids([]) == {}


def test_only_the_window_is_read(log: KafkaLog, other_side: OtherSide) -> None:
    topic = other_side.create_topic(partitions=3)
    for partition in range(3):
        other_side.publish(topic, numbered(30), partition)
    rows = read_rows(log, topic, {0: (3, 7), 2: (0, 29)}, max_messages=2)
    assert {number: [row.offset for row in found] for number, found in rows.items()} == {
        0: [3, 4, 5, 6],
        2: list(range(29)),
    }


def test_a_log_reads_one_stretch_after_another(log: KafkaLog, other_side: OtherSide) -> None:
    one, two = other_side.create_topic(), other_side.create_topic()
    other_side.publish(one, numbered(10))
    other_side.publish(two, [Sent(b"two")] * 10)
    next(log.read(one, {0: (0, 10)}, 1, 2**20))  # given up after a chunk
    assert [row.value for row in read_rows(log, two, {0: (1, 3)})[0]] == [b"two", b"two"]
    assert [row.offset for row in read_rows(log, one, {0: (1, 10)})[0]] == list(range(1, 10))
    assert [row.offset for row in read_rows(log, one, {0: (0, 5)})[0]] == list(range(5))


def test_memory_is_bounded_by_messages_and_by_bytes(log: KafkaLog, other_side: OtherSide) -> None:
    topic = other_side.create_topic(partitions=2)
    for partition in range(2):
        other_side.publish(topic, numbered(500, size=1_000), partition)
    windows = whole(log, topic)
    by_messages = [
        sum(records.rows.num_rows for records in chunk) for chunk in log.read(topic, windows, 70, 2**30)
    ]
    by_bytes = [
        sum(records.rows.num_rows for records in chunk) for chunk in log.read(topic, windows, 10**6, 50_000)
    ]
    assert max(by_messages) == 70
    assert max(by_bytes) <= 51


def test_the_time_is_the_broker_s_where_the_topic_says_so(log: KafkaLog, other_side: OtherSide) -> None:
    before = int(time.time() * 1000)
    topic = other_side.create_topic(message_timestamp_type="LogAppendTime")
    other_side.publish(topic, [Sent(timestamp_ms=LONG_AGO), Sent()])
    assert all(before <= row.timestamp_ms <= time.time() * 1000 for row in read_rows(log, topic)[0])


def test_offsets_at_a_time(log: KafkaLog, other_side: OtherSide) -> None:
    start = datetime(2024, 5, 1, 12, tzinfo=UTC)
    topic = other_side.create_topic(partitions=2)
    other_side.publish(topic, [Sent(timestamp_ms=int(start.timestamp() * 1000) + 1000 * n) for n in range(5)])
    assert log.offsets_at(topic, [0, 1], start - timedelta(days=1)) == {0: 0, 1: 0}
    assert log.offsets_at(topic, [0], start + timedelta(seconds=2)) == {0: 2}
    assert log.offsets_at(topic, [0], start + timedelta(seconds=2, milliseconds=1)) == {0: 3}
    assert log.offsets_at(topic, [0, 1], start + timedelta(days=1)) == {0: 5, 1: 0}
