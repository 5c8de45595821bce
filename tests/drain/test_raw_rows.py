"""Whatever bytes arrive lie in the raw table as they came, and stop nothing."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.drain.raw_rows import split_text, to_rows
from ingest.kafka.columns import in_columns
from ingest.kafka.log import Records
from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse
from tests.warehouse.batches import RAW, TOPIC, batch_of

ANY_BYTES = st.none() | st.binary(max_size=40) | st.text(max_size=20).map(str.encode)
HEADER = st.tuples(st.sampled_from(["venue", "received_at", ""]) | st.text(max_size=5), ANY_BYTES)
MESSAGE = st.tuples(ANY_BYTES, ANY_BYTES, st.lists(HEADER, max_size=4), st.integers(-(2**63), 2**63 - 1))


def as_records(messages: list[tuple]) -> Records:
    count = len(messages)
    keys, values, headers, times = (
        (list(column) for column in zip(*messages, strict=True)) if count else ([],) * 4
    )
    return Records(0, 0, count, in_columns(range(count), times, keys, values, headers))


def original(text: str | None, raw: bytes | None) -> bytes | None:
    assert text is None or raw is None
    return raw if text is None else text.encode()


@settings(deadline=None)
@given(st.lists(ANY_BYTES, max_size=8))
def test_a_value_is_text_or_bytes_and_never_both(values: list[bytes | None]) -> None:
    text, raw = split_text(pa.array(values, pa.binary()))
    assert [original(*pair) for pair in zip(text.to_pylist(), raw.to_pylist(), strict=True)] == values


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(messages=st.lists(MESSAGE, max_size=6))
def test_any_message_comes_back_from_the_file_as_it_was(
    duckdb_warehouse: DuckDbWarehouse, messages: list[tuple]
) -> None:
    with duckdb_warehouse.open() as connection:
        connection.execute(f"truncate {RAW}; truncate ops.positions; truncate ops.windows")
        duckdb_warehouse.land(batch_of(as_records(messages)), None)
        rows = connection.execute(
            f"""select key, key_bytes, payload, payload_bytes,
                    [(h.name, h.value, h.value_bytes) for h in headers] as headers
                from {RAW} order by kafka_offset"""
        ).fetchall()
    found = [
        (original(*row[:2]), original(*row[2:4]), [(name, original(text, raw)) for name, text, raw in row[4]])
        for row in rows
    ]
    assert found == [message[:3] for message in messages]


def one_row(**columns: list) -> dict:
    given_columns = {"timestamps_ms": [-1], "keys": [b"k"], "values": [b"v"], "headers": [[]]} | columns
    [row] = to_rows(TOPIC.name, 3, Records(1, 7, 8, in_columns([7], **given_columns))).to_pylist()
    return row


def test_coordinates_say_where_a_row_came_from() -> None:
    row = one_row()
    assert row["kafka_topic"] == "binance.trades"
    assert (row["topic_life"], row["kafka_partition"], row["kafka_offset"]) == (3, 1, 7)


def test_a_tombstone_has_neither_payload() -> None:
    row = one_row(values=[None])
    assert row["payload"] is None
    assert row["payload_bytes"] is None


@pytest.mark.parametrize(
    ("millis", "expected"),
    [
        (1_700_000_000_123, datetime(2023, 11, 14, 22, 13, 20, 123_000, tzinfo=UTC).replace(tzinfo=None)),
        (0, datetime(1970, 1, 1)),  # noqa: DTZ001
        (-1, None),
        (253_402_300_800_000, None),
        (2**63 - 1, None),
    ],
)
def test_published_at_is_a_time_or_null(millis: int, expected: datetime | None) -> None:
    assert one_row(timestamps_ms=[millis])["published_at"] == expected


@pytest.mark.parametrize(
    ("values", "micros"),
    [
        ([b"1700000000123456789"], 123_456),
        ([b"1700000000123456789", b"1"], 123_456),
        ([b"soon", b"1700000000123456789"], None),
        ([b"\xff\xfe"], None),
        ([b"99999999999999999999"], None),
        ([None], None),
        ([], None),
    ],
)
def test_received_at_is_the_first_header_of_that_name(values: list[bytes | None], micros: int | None) -> None:
    received_at = one_row(headers=[[("received_at", value) for value in values]])["received_at"]
    assert (received_at and received_at.microsecond) == micros


def test_received_at_stays_with_its_own_row() -> None:
    headers = [
        [],
        [("received_at", b"2000")],
        [("x", b"")],
        [("received_at", b"x")],
        [("received_at", b"5000")],
    ]
    records = Records(0, 0, 5, in_columns(range(5), [0] * 5, [None] * 5, [None] * 5, headers))
    found = [time and time.microsecond for time in to_rows(TOPIC.name, 1, records)["received_at"].to_pylist()]
    assert found == [None, 2, None, None, 5]
