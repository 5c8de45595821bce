"""Each check of a raw table finds the fault it is there for, and stays silent where there is none."""

import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from ingest.core.window import Partition, Window
from ingest.drain.raw_rows import to_rows
from ingest.kafka.columns import in_columns
from ingest.kafka.log import Records
from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse
from ingest.warehouse.protocol import Landing
from orchestration.checks.raw_tables import RAW_CHECKS, CheckResult, newest_batch_id, raw_checks
from tests.warehouse.batches import RAW, TOPIC, batch

BATCH = 100
NAMES = {check.__name__ for check in RAW_CHECKS}


def fresh_landing(first: int, end: int, position: int | None, partition: int = 0) -> Landing:
    """Messages of this moment; an offset is missing, as where a transaction ended."""
    offsets = [offset for offset in range(first, end) if offset != first + 1]
    count = len(offsets)
    now_ms = int(time.time() * 1000)
    keys: list[bytes | None] = [b"k"] * count
    values: list[bytes | None] = [b"{}"] * count
    rows = in_columns(offsets, [now_ms] * count, keys, values, [()] * count)
    records = Records(partition, first, end, rows)
    window = Window(Partition(TOPIC.name, 1, partition), first, end)
    return Landing(window, to_rows(TOPIC.name, 1, records), position)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Three batches of two partitions; the third begins behind what retention took."""
    warehouse = DuckDbWarehouse(tmp_path / "warehouse.duckdb")
    warehouse.migrate()
    warehouse.land(batch(fresh_landing(0, BATCH, None), fresh_landing(50, 60, None, partition=1)), None)
    warehouse.land(batch(fresh_landing(BATCH, 2 * BATCH, BATCH)), None)
    warehouse.land(batch(fresh_landing(2 * BATCH + 7, 3 * BATCH, 2 * BATCH)), None)
    with warehouse.open() as connection:
        yield connection


def failing(connection: duckdb.DuckDBPyConnection, since_batch_id: int = 0) -> set[str]:
    results = raw_checks(connection, since_batch_id)
    assert {result.name for result in results} == NAMES
    assert {result.raw_table for result in results} == {TOPIC.raw_table}
    return {result.name for result in results if not result.passed}


def result(connection: duckdb.DuckDBPyConnection, name: str) -> CheckResult:
    return next(result for result in raw_checks(connection) if result.name == name)


def test_all_is_well(connection: duckdb.DuckDBPyConnection) -> None:
    for since in range(4):
        assert failing(connection, since) == set()
    assert result(connection, "coordinates_complete").metadata["lost_offsets"] == 7


REJECTED = """create schema if not exists marts;
    create view marts.fct_rejected_records as
    select kafka_topic, batch_id from {raw} where kafka_offset > 1 limit {count}"""
FAULTS = {
    "a row twice": (
        f"insert into {RAW} select * from {RAW} where batch_id = 2 limit 1",
        {"coordinates_unique", "coordinates_complete"},
    ),
    "a row twice in another batch": (
        f"insert into {RAW} select * replace (3 as batch_id) from {RAW} where batch_id = 2 limit 1",
        {"coordinates_unique", "coordinates_complete"},
    ),
    "a row in place of another": (
        f"update {RAW} set kafka_offset = 100 where kafka_offset = 102",
        {"coordinates_unique"},
    ),
    "a row is gone": (f"delete from {RAW} where kafka_offset = 150", {"coordinates_complete"}),
    "all rows of a batch are gone": (f"delete from {RAW} where batch_id = 2", {"coordinates_complete"}),
    "a window is missing": (
        f"delete from ops.windows where batch_id = 2; delete from {RAW} where batch_id = 2",
        {"coordinates_complete"},
    ),
    "a loss is not written down": ("delete from ops.lost_ranges", {"coordinates_complete"}),
    "the position is ahead of the rows": (
        "update ops.positions set next_offset = next_offset + 1 where kafka_partition = 0",
        {"coordinates_complete"},
    ),
    "the position is behind the rows": (
        "update ops.positions set next_offset = next_offset - 1 where kafka_partition = 1",
        {"coordinates_complete"},
    ),
    "windows overlap": (
        "update ops.windows set end_offset = end_offset + 1 where batch_id = 1 and kafka_partition = 0",
        {"coordinates_unique", "coordinates_complete"},
    ),
    "nothing came for an hour": (
        f"update {RAW} set published_at = published_at - interval 1 hour",
        {"fresh"},
    ),
    "nobody knows when it came": (f"update {RAW} set published_at = null", {"fresh"}),
    "too many are rejected": (REJECTED.format(raw=RAW, count=4), {"rejected_share"}),
}


@pytest.mark.parametrize(("fault", "finders"), FAULTS.values(), ids=FAULTS.keys())
def test_a_planted_fault_is_found(
    connection: duckdb.DuckDBPyConnection, fault: str, finders: set[str]
) -> None:
    connection.execute(fault)
    assert failing(connection) == finders


def test_a_few_rejected_are_nothing_unusual(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(REJECTED.format(raw=RAW, count=2))
    assert failing(connection) == set()
    assert result(connection, "rejected_share").metadata["rejected"] == 2


def test_the_loop_looks_at_what_is_new_only(connection: duckdb.DuckDBPyConnection) -> None:
    newest = newest_batch_id(connection)
    connection.execute(f"insert into {RAW} select * from {RAW} where batch_id = 1 limit 1")
    assert failing(connection, newest) == set()
    assert failing(connection, 0) != set()


def test_freshness_and_rejection_warn_the_others_are_errors(connection: duckdb.DuckDBPyConnection) -> None:
    warnings = {result.name for result in raw_checks(connection) if result.is_warning}
    assert warnings == {"fresh", "rejected_share"}


def test_what_never_landed_anything_is_not_checked(tmp_path: Path) -> None:
    warehouse = DuckDbWarehouse(tmp_path / "empty.duckdb")
    warehouse.migrate()
    with warehouse.open() as connection:
        assert raw_checks(connection) == []


def test_a_feed_that_never_spoke_is_not_asked_whether_it_is_fresh(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    connection.execute("update ops.windows set row_count = 0")
    assert "fresh" not in {result.name for result in raw_checks(connection)}


def test_a_message_of_the_future_makes_no_feed_fresh(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        f"""update {RAW} set published_at = now()::timestamp + interval '364 days',
            landed_at = now()::timestamp - interval '1 day'"""
    )
    assert "fresh" in failing(connection)
