"""Batches that a stranger made to stop a reader, or a disk has damaged: read, or named and read around."""

import tracemalloc
from collections.abc import Callable
from contextlib import closing

import pytest

from ingest.core.errors import RecordsUnreadable
from ingest.core.settings import Settings
from ingest.kafka.guarded_batch import HEADER_BLOCK, MAX_HEADERS, MAX_UNPACKED_BYTES
from ingest.kafka.log import KafkaLog
from ingest.kafka.open import open_log
from tests.support import hostile
from tests.support.broker import OwnBroker
from tests.support.other_side import LARGEST_MESSAGE, OtherSide, numbered
from tests.support.reading import Row, read_rows, rows_of, whole

MEBIBYTE = 2**20


def read_around(log: KafkaLog, topic: str) -> tuple[dict[int, list[Row]], list[RecordsUnreadable]]:
    """All that can be read: behind what cannot, as after `tickhouse skip`."""
    windows = whole(log, topic)
    rows: dict[int, list[Row]] = {number: [] for number in windows}
    errors: list[RecordsUnreadable] = []
    while windows:
        try:
            for chunk in log.read(topic, windows, 1_000, MEBIBYTE):
                for records in chunk:
                    rows[records.partition] += rows_of(records)
                    windows[records.partition] = (records.end, windows[records.partition][1])
            windows = {}
        except RecordsUnreadable as error:
            errors.append(error)
            windows[error.partition] = (error.end, windows[error.partition][1])
    return rows, errors


def test_a_header_s_name_may_be_any_bytes(log: KafkaLog, other_side: OtherSide, settings: Settings) -> None:
    topic = other_side.create_topic()
    other_side.publish(topic, numbered(3))
    sent = [("venue", b"binance"), (hostile.NotText("ÿ"), b"1"), ("a", b"2")]
    hostile.publish_with_headers(settings, topic, sent)
    other_side.publish(topic, numbered(2))
    rows = read_rows(log, topic)[0]
    assert [row.offset for row in rows] == list(range(6))
    *readable, (name, block) = rows[3].headers
    assert readable == [("venue", b"binance"), (r"\xff", b"1"), ("a", b"2")]
    assert name == HEADER_BLOCK
    assert block is not None
    assert b"\x02\xff\x021" in block  # the name of one byte, the value of one byte


def test_headers_beyond_number_stay_one_block(other_side: OtherSide, settings: Settings) -> None:
    topic = other_side.create_topic()
    hostile.publish_with_headers(settings, topic, [("a", b"")] * (MAX_HEADERS + 1))
    with closing(open_log(settings)) as log:
        (row,) = read_rows(log, topic)[0]
    ((name, block),) = row.headers
    assert name == HEADER_BLOCK
    assert block is not None
    assert block.count(b"\x02a\x00") == MAX_HEADERS + 1


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
def test_a_bomb_is_named_and_all_else_is_read(other_side: OtherSide, settings: Settings, codec: str) -> None:
    topic = other_side.create_topic(partitions=2, max_message_bytes=LARGEST_MESSAGE)
    for partition in range(2):
        other_side.publish(topic, numbered(2), partition)
    hostile.publish_bombs(other_side, topic, [2 * MAX_UNPACKED_BYTES], codec)
    other_side.publish(topic, numbered(2))
    with closing(open_log(settings)) as log:
        rows, (error,) = read_around(log, topic)
    assert (error.partition, error.first, error.end) == (0, 2, 3)
    assert "unpack to more than 32 MiB" in str(error)
    assert {number: [row.offset for row in found] for number, found in rows.items()} == {
        0: [0, 1, 3, 4],
        1: [0, 1],
    }


def test_what_lies_behind_a_window_stops_nobody(other_side: OtherSide, settings: Settings) -> None:
    topic = other_side.create_topic(partitions=2, max_message_bytes=LARGEST_MESSAGE)
    other_side.publish(topic, numbered(4))
    hostile.publish_bombs(other_side, topic, [2 * MAX_UNPACKED_BYTES])
    for number in range(2, 4):
        other_side.publish(topic, numbered(number), partition=1)
    with closing(open_log(settings)) as log:
        rows = read_rows(log, topic, {0: (1, 3), 1: (0, 5)}, max_messages=2)
    assert {number: [row.offset for row in found] for number, found in rows.items()} == {
        0: [1, 2],
        1: [0, 1, 2, 3, 4],
    }


def test_many_small_bombs_take_no_memory(other_side: OtherSide, settings: Settings) -> None:
    """Each is just small enough; sixty of them fit into what is fetched at once."""
    topic = other_side.create_topic()
    hostile.publish_bombs(other_side, topic, [MAX_UNPACKED_BYTES // 2] * 60)
    sizes: list[int] = []
    with closing(open_log(settings)) as log:
        tracemalloc.start()
        for chunk in log.read(topic, whole(log, topic), 1_000, MEBIBYTE):
            sizes += [len(value.as_buffer()) for each in chunk for value in each.rows.column("value")]
            del chunk
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert sizes == [MAX_UNPACKED_BYTES // 2] * 60
    assert most < 8 * MAX_UNPACKED_BYTES


@pytest.mark.slow
@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (hostile.flip_a_bit, "checksum"),
        (hostile.name_an_unknown_codec, "codec 7 is unknown"),
        (hostile.break_a_record, "malformed"),
    ],
)
def test_damage_is_named_and_all_else_is_read(
    own_broker: OwnBroker,
    opening: Callable[[Settings], KafkaLog],
    harm: Callable[[bytearray], None],
    reason: str,
) -> None:
    with closing(OtherSide(own_broker.settings)) as other_side:
        topic = other_side.create_topic(partitions=2)
        for partition, count in ((0, 1), (0, 3), (0, 1), (1, 2)):
            other_side.publish(topic, numbered(count), partition)
    own_broker.stop()
    hostile.damage(hostile.segment_of(own_broker.settings, topic), 1, harm)
    own_broker.start()
    rows, (error,) = read_around(opening(own_broker.settings), topic)
    assert (error.partition, error.first, error.end) == (0, 1, 4)
    assert reason in str(error)
    assert f"tickhouse skip {topic} --partition 0 --offset 1" in str(error)
    assert {number: [row.offset for row in found] for number, found in rows.items()} == {0: [0, 4], 1: [0, 1]}
