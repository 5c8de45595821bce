"""Finding what raw lacks, and cutting windows so that they tell the truth again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.core.errors import StaleLanding
from ingest.core.window import Partition, Window
from ingest.drain.raw_rows import to_rows
from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse
from ingest.warehouse.holes import Hole, Tile, fill, find_holes, tile
from ingest.warehouse.raw_schema import SCHEMA
from tests.warehouse.batches import RAW, TOPIC, batch, landing, records
from tests.warehouse.soundness import assert_raw_is_sound

AT = Partition(TOPIC.name, 1, 0)
OLD, NEW = 7, 9


def test_pieces_follow_the_batches() -> None:
    window = Window(AT, 10, 20)
    owners = dict.fromkeys([11, 12, 15, 18], OLD) | dict.fromkeys([13, 14], NEW)
    assert tile(window, owners, OLD, is_complete=True) == [
        Tile(10, 13, OLD),
        Tile(13, 15, NEW),
        Tile(15, 20, OLD),
    ]


def test_where_rows_stay_missing_any_gap_may_have_been_one() -> None:
    window = Window(AT, 10, 20)
    owners = dict.fromkeys([11, 12, 15], OLD) | dict.fromkeys([16], NEW)
    assert tile(window, owners, OLD, is_complete=False) == [
        Tile(10, 11, None),
        Tile(11, 13, OLD),
        Tile(13, 15, None),
        Tile(15, 16, OLD),
        Tile(16, 17, NEW),
        Tile(17, 20, None),
    ]


def test_of_a_window_without_rows_nothing_or_everything_is_left() -> None:
    window = Window(AT, 10, 20)
    assert tile(window, {}, OLD, is_complete=True) == [Tile(10, 20, OLD)]
    assert tile(window, {}, OLD, is_complete=False) == [Tile(10, 20, None)]


@given(st.dictionaries(st.integers(0, 30), st.sampled_from([OLD, NEW])), st.booleans())
def test_pieces_tile_the_window_and_own_their_rows(owners: dict[int, int], is_complete: bool) -> None:  # noqa: FBT001
    tiles = tile(Window(AT, 0, 31), owners, OLD, is_complete=is_complete)
    assert [tiles[0].first, *(piece.end for piece in tiles)] == [*(piece.first for piece in tiles), 31]
    assert all(piece.first < piece.end for piece in tiles)
    for offset in range(31):
        [piece] = [piece for piece in tiles if piece.first <= offset < piece.end]
        if offset in owners:
            assert piece.batch_id == owners[offset]
        elif not is_complete:
            assert piece.batch_id is None


def test_a_sound_table_has_no_holes(duckdb_warehouse: DuckDbWarehouse) -> None:
    with duckdb_warehouse.open() as connection:
        duckdb_warehouse.land(
            batch(landing(0, 9, None, holes=[3, 4]), landing(0, 4, None, partition=1)), None
        )
        duckdb_warehouse.land(batch(landing(9, 9, 9), landing(4, 6, 4, partition=1)), None)
        assert find_holes(connection, TOPIC) == []


def test_what_is_missing_is_found_by_its_window(duckdb_warehouse: DuckDbWarehouse) -> None:
    with duckdb_warehouse.open() as connection:
        duckdb_warehouse.land(batch(landing(0, 9, None), landing(0, 9, None, partition=1)), None)
        duckdb_warehouse.land(batch(landing(12, 15, 9)), None)
        connection.execute(f"delete from {RAW} where kafka_partition = 1 and kafka_offset in (2, 5)")
        connection.execute(f"delete from {RAW} where batch_id = 2")
        assert [str(hole) for hole in find_holes(connection, TOPIC)] == [
            "binance.trades[0] [9, 12): lost",
            "binance.trades[0] [12, 15): 3 rows missing",
            "binance.trades[1] [0, 9): 2 rows missing",
        ]


def test_a_hole_is_filled_once(duckdb_warehouse: DuckDbWarehouse) -> None:
    with duckdb_warehouse.open() as connection:
        duckdb_warehouse.land(batch(landing(0, 9, None)), None)
        connection.execute(f"delete from {RAW} where kafka_offset in (2, 5)")
        [hole] = find_holes(connection, TOPIC)
        rows = to_rows(TOPIC.name, 1, records(0, 9))
        filled = fill(duckdb_warehouse, TOPIC, hole, hole.window, rows, run_id="by hand")
        assert (filled.batch_id, filled.row_count, filled.lost) == (2, 2, [])
        with pytest.raises(StaleLanding, match="Run it again"):
            fill(duckdb_warehouse, TOPIC, hole, hole.window, rows)
        assert find_holes(connection, TOPIC) == []
        assert_raw_is_sound(connection)
        assert connection.execute("select kind, run_id from ops.batches where batch_id = 2").fetchall() == [
            ("repair", "by hand")
        ]
        windows = connection.execute("select first_offset, batch_id, row_count from ops.windows order by all")
        assert windows.fetchall() == [(0, 1, 2), (2, 2, 1), (3, 1, 2), (5, 2, 1), (6, 1, 3)]


def test_what_nobody_has_any_more_is_written_down(duckdb_warehouse: DuckDbWarehouse) -> None:
    with duckdb_warehouse.open() as connection:
        duckdb_warehouse.land(batch(landing(0, 6, None)), None)
        connection.execute(f"delete from {RAW} where kafka_offset in (1, 4)")
        [hole] = find_holes(connection, TOPIC)
        log_has = Window(AT, 3, 6)
        filled = fill(duckdb_warehouse, TOPIC, hole, log_has, to_rows(TOPIC.name, 1, records(3, 6)))
        assert (filled.row_count, filled.lost) == (1, [Window(AT, 1, 2)])
        assert find_holes(connection, TOPIC) == [Hole(Window(AT, 1, 2), 2, None)]
        assert_raw_is_sound(connection)


def test_a_lost_range_that_turns_up_shrinks(duckdb_warehouse: DuckDbWarehouse) -> None:
    with duckdb_warehouse.open() as connection:
        duckdb_warehouse.land(batch(landing(0, 2, None)), None)
        duckdb_warehouse.land(batch(landing(10, 12, 2)), None)
        [hole] = find_holes(connection, TOPIC)
        filled = fill(duckdb_warehouse, TOPIC, hole, Window(AT, 5, 8), to_rows(TOPIC.name, 1, records(5, 8)))
        assert filled.row_count == 3
        assert [str(left.window) for left in find_holes(connection, TOPIC)] == [
            "binance.trades[0] [2, 5)",
            "binance.trades[0] [8, 10)",
        ]
        assert_raw_is_sound(connection)


def test_a_hole_with_nothing_to_fill_it_is_lost(duckdb_warehouse: DuckDbWarehouse) -> None:
    with duckdb_warehouse.open() as connection:
        duckdb_warehouse.land(batch(landing(0, 3, None)), None)
        connection.execute(f"delete from {RAW}")
        [hole] = find_holes(connection, TOPIC)
        fill(duckdb_warehouse, TOPIC, hole, hole.window, SCHEMA.empty_table(), lost_reason="topic_deleted")
        lost = connection.execute("select first_offset, end_offset, reason from ops.lost_ranges").fetchall()
        assert lost == [(0, 3, "topic_deleted")]
        assert_raw_is_sound(connection)
