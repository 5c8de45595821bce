"""Stretches into chunks, without a broker."""

from ingest.kafka.chunks import Chunks
from ingest.kafka.columns import in_columns
from ingest.kafka.log import Records


def stretch(partition: int, first: int, end: int, offsets: list[int], payload: bytes = b"x") -> Records:
    count = len(offsets)
    rows = in_columns(offsets, [0] * count, [None] * count, [payload] * count, [()] * count)
    return Records(partition, first, end, rows)


def test_what_comes_from_beyond_the_end_is_cut_off() -> None:
    chunks = Chunks({0: (0, 5)}, 100, 2**20)
    assert chunks.add(stretch(0, 0, 9, [1, 4, 5, 8]))
    assert chunks.take() == [stretch(0, 0, 5, [1, 4])]
    assert not chunks.pending


def test_a_partition_is_finished_once() -> None:
    """Clients may bring two stretches of a partition at once, both reaching beyond its end."""
    chunks = Chunks({0: (0, 5)}, 100, 2**20)
    assert chunks.add(stretch(0, 0, 7, [6]))
    assert not chunks.add(stretch(0, 7, 9, [8]))
    assert chunks.take() == [stretch(0, 0, 5, [])]


def test_the_next_chunk_begins_where_the_last_one_ended() -> None:
    chunks = Chunks({0: (0, 9), 1: (3, 4)}, 2, 2**20)
    chunks.add(stretch(0, 0, 2, [0, 1]))
    assert chunks.is_full
    assert chunks.take() == [stretch(0, 0, 2, [0, 1])]
    assert not chunks.is_full
    assert chunks.pending == {0: (2, 9), 1: (3, 4)}
    chunks.add(stretch(1, 3, 4, [3]))
    chunks.add(stretch(0, 2, 6, []))
    assert chunks.take() == [stretch(0, 2, 6, []), stretch(1, 3, 4, [3])]


def test_no_more_is_asked_for_than_is_left_and_fits() -> None:
    assert Chunks({0: (0, 7), 1: (1, 4)}, 100, 2**20).room == 10
    assert Chunks({0: (0, 10**9)}, 300, 2**20).room == 300
    chunks = Chunks({0: (0, 10**9)}, 10**9, 1_000_000)
    chunks.add(stretch(0, 0, 2, [0, 1], payload=bytes(90_000)))
    assert chunks.room == (1_000_000 - 180_000) // 90_000
    chunks.add(stretch(0, 2, 12, list(range(2, 12)), payload=bytes(82_000)))
    assert chunks.is_full
    assert chunks.room == 1


def test_keys_and_headers_count_as_bytes() -> None:
    chunks = Chunks({0: (0, 9)}, 100, 10)
    headers = [("name", b"1234"), ("none", None), ("", b"567")]
    chunks.add(Records(0, 0, 1, in_columns([0], [0], [b"key"], [None], [headers])))
    assert chunks.is_full
