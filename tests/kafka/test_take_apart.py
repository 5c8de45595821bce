"""All records of many batches at once are what each is, read by itself."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kafka.record.default_records import DefaultRecordBatchBuilder

from ingest.kafka.guarded_batch import MAX_HEADERS, GuardedBatch, NotPlain
from ingest.kafka.take_apart import one_by_one, take_apart

HEADER = st.tuples(st.sampled_from(["venue", "", "žluť"]), st.none() | st.binary(max_size=3))
MESSAGE = st.tuples(
    st.integers(0, 2**50),
    st.none() | st.binary(max_size=3),
    st.none() | st.binary(max_size=200) | st.just(bytes(9_000)),
    st.lists(HEADER, max_size=4) | st.just([("venue", b"v")] * 70),
)
BATCHES = st.lists(st.lists(MESSAGE, min_size=1, max_size=6), min_size=1, max_size=4)
BY_BROKER = 0x08
ATTRIBUTES_AT = 22


def packed(messages: list[tuple], base: int, *, by_broker: bool = False) -> bytearray:
    builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, 10**9)
    for number, (time, key, value, headers) in enumerate(messages):
        builder.append(number, time, key, value, headers)
    batch = bytearray(builder.build())
    struct.pack_into(">q", batch, 0, base)
    batch[ATTRIBUTES_AT] |= BY_BROKER * by_broker
    return batch


def in_a_row(batches: list[list[tuple]], *, by_broker: bool = False) -> list[bytearray]:
    """Batches with holes between their offsets."""
    return [packed(batch, 1_000 * number, by_broker=by_broker) for number, batch in enumerate(batches)]


@settings(max_examples=60, deadline=None)
@given(batches=BATCHES, by_broker=st.booleans())
def test_all_at_once_is_each_by_itself(batches: list[list[tuple]], *, by_broker: bool) -> None:
    raw = in_a_row(batches, by_broker=by_broker)
    rows = take_apart([*map(GuardedBatch, raw)])
    rows.validate(full=True)
    each, end, trouble = one_by_one([*map(GuardedBatch, raw)])
    assert trouble is None
    assert end == GuardedBatch(raw[-1]).next_offset
    assert rows.equals(each)
    sent = [(key, value, headers) for batch in batches for _, key, value, headers in batch]
    found = zip(*(rows.column(name).to_pylist() for name in ("key", "value", "headers")), strict=True)
    assert [(key, value, [tuple(each.values()) for each in headers]) for key, value, headers in found] == sent


@settings(max_examples=200, deadline=None)
@given(batches=BATCHES, data=st.data())
def test_no_byte_makes_other_records(batches: list[list[tuple]], data: st.DataObject) -> None:
    """Whatever is wrong with a batch whose checksum is right: all at once, or not at all."""
    raw = in_a_row(batches)
    hurt = data.draw(st.sampled_from(raw))
    hurt[data.draw(st.integers(57, len(hurt) - 1))] = data.draw(st.integers(0, 255))
    each, _, trouble = one_by_one([*map(GuardedBatch, raw)])
    try:
        rows = take_apart([*map(GuardedBatch, raw)])
    except NotPlain:
        return
    assert trouble is None
    assert rows.equals(each)


@pytest.mark.parametrize("count", [MAX_HEADERS + 1, 2**31 - 1, -1])
def test_more_headers_than_there_can_be_take_no_memory(count: int) -> None:
    raw = packed([(0, None, None, [])], 0)
    raw[-1:] = b""
    at = len(raw)
    value = (count << 1) ^ (count >> 63)
    while value > 0x7F:
        raw.append(0x80 | value & 0x7F)
        value >>= 7
    raw.append(value)
    raw[61] += 2 * (len(raw) - at - 1)
    with pytest.raises(NotPlain):
        take_apart([GuardedBatch(raw)])
