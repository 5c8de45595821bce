"""What every warehouse promises the drain: rows and positions together, once, in commit order."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from ingest.core.errors import StaleLanding
from ingest.core.window import Partition, Window
from ingest.warehouse.protocol import TopicPositions, Warehouse
from tests.warehouse.batches import RAW, TOPIC, TOPIC_ID, batch, landing
from tests.warehouse.conftest import Trial

EVERYTHING = (
    RAW,
    "ops.positions",
    "ops.batches",
    "ops.windows",
    "ops.lost_ranges",
    "ops.topic_lives",
)


def contents(trial: Trial) -> list[tuple]:
    return sorted((table, str(row)) for table in EVERYTHING for row in trial.query(f"select * from {table}"))


def offsets(trial: Trial, where: str = "true") -> list[int]:
    rows = trial.query(f"select kafka_offset from {RAW} where {where} order by topic_life, kafka_offset")
    return [row[0] for row in rows]


def test_nothing_has_landed_in_a_fresh_warehouse(trial: Trial) -> None:
    assert trial.warehouse.positions() == {}


def test_migrating_again_changes_nothing(trial: Trial) -> None:
    trial.warehouse.land(batch(landing(0, 5, None)), "run-1")
    before = contents(trial)
    trial.another().migrate()
    assert contents(trial) == before


def test_rows_and_positions_land_together(trial: Trial) -> None:
    landed = trial.warehouse.land(batch(landing(0, 5, None), landing(7, 9, None, partition=1)), "run-1")

    assert landed.batch_id == 1
    assert landed.row_count == 7
    assert landed.opened_life == 1
    assert landed.lost == []
    assert [str(window) for window in landed.windows] == [
        "binance.trades[0] [0, 5)",
        "binance.trades[1] [7, 9)",
    ]
    assert offsets(trial) == [0, 1, 2, 3, 4, 7, 8]
    assert trial.another().positions() == {TOPIC.name: TopicPositions(TOPIC.name, 1, TOPIC_ID, {0: 5, 1: 9})}
    assert trial.query("select kind, topic, run_id from ops.batches") == [("landing", TOPIC.name, "run-1")]


def test_a_window_counts_rows_not_offsets(trial: Trial) -> None:
    """A log has holes: transaction markers, compaction."""
    trial.warehouse.land(batch(landing(0, 10, None, holes=[2, 3, 9])), "run-1")
    assert trial.query("select first_offset, end_offset, row_count from ops.windows") == [(0, 10, 7)]
    assert trial.warehouse.positions()[TOPIC.name].next_offsets == {0: 10}


def test_an_empty_window_moves_the_position(trial: Trial) -> None:
    landed = trial.warehouse.land(batch(landing(4, 4, None)), "run-1")
    assert landed.row_count == 0
    assert trial.warehouse.positions()[TOPIC.name].next_offsets == {0: 4}


def test_a_window_counts_the_bytes_of_its_payloads(trial: Trial) -> None:
    trial.warehouse.land(batch(landing(0, 3, None)), "run-1")
    [(counted,)] = trial.query("select payload_bytes from ops.windows")
    assert counted == sum(len(payload) for (payload,) in trial.query(f"select payload from {RAW}"))


def test_landing_the_same_batch_twice_changes_nothing(trial: Trial) -> None:
    first, second = batch(landing(0, 5, None)), batch(landing(5, 9, 5))
    trial.warehouse.land(first, "run-1")
    trial.warehouse.land(second, "run-1")
    before = contents(trial)
    for again in (first, second):
        with pytest.raises(StaleLanding, match=r"binance\.trades\[0\]"):
            trial.another().land(again, "run-2")
    assert contents(trial) == before


def test_one_stale_window_keeps_the_whole_batch_out(trial: Trial) -> None:
    trial.warehouse.land(batch(landing(0, 5, None)), "run-1")
    before = contents(trial)
    with pytest.raises(StaleLanding):
        trial.warehouse.land(batch(landing(0, 3, None, partition=1), landing(3, 8, 3)), "run-2")
    assert contents(trial) == before


def test_a_batch_that_fails_half_way_leaves_nothing(trial: Trial) -> None:
    """The second window's rows do not fit the table; the first one's were written already."""
    good, bad = landing(0, 5, None), landing(0, 5, None, partition=1)
    before = contents(trial)
    with pytest.raises(Exception, match=r"column|Field"):
        trial.warehouse.land(batch(good, replace(bad, rows=bad.rows.select(["kafka_offset"]))), "run-1")
    assert contents(trial) == before
    assert trial.warehouse.land(batch(good, bad), "run-1").batch_id == 1


def test_a_stretch_that_retention_took_is_written_down(trial: Trial) -> None:
    trial.warehouse.land(batch(landing(0, 5, None)), "run-1")
    landed = trial.warehouse.land(batch(landing(8, 9, 5)), "run-1")
    assert landed.lost == [Window(Partition(TOPIC.name, 1, 0), 5, 8)]
    assert trial.query("select batch_id, first_offset, end_offset, reason from ops.lost_ranges") == [
        (2, 5, 8, "retention")
    ]


def test_a_new_life_starts_over_beside_the_old_one(trial: Trial) -> None:
    trial.warehouse.land(batch(landing(0, 3, None)), "run-1")
    landed = trial.warehouse.land(
        batch(landing(0, 2, None, life=2), life=2, topic_id="second", reason="created again"), "run-1"
    )
    assert landed.opened_life == 2
    assert trial.warehouse.positions() == {TOPIC.name: TopicPositions(TOPIC.name, 2, "second", {0: 2})}
    assert trial.query(f"select topic_life, kafka_offset from {RAW} order by topic_life, kafka_offset") == [
        (1, 0), (1, 1), (1, 2), (2, 0), (2, 1),
    ]  # fmt: skip


@pytest.mark.parametrize("life", [1, 4])
def test_a_life_that_is_not_the_newest_or_the_next_is_stale(trial: Trial, life: int) -> None:
    trial.warehouse.land(batch(landing(0, 3, None)), "run-1")
    trial.warehouse.land(batch(landing(0, 2, None, life=2), life=2), "run-1")
    before = contents(trial)
    with pytest.raises(StaleLanding, match="life 2"):
        trial.warehouse.land(batch(landing(3, 4, 3 if life == 1 else None, life=life), life=life), "run-1")
    assert contents(trial) == before


def test_of_concurrent_writers_exactly_one_lands_each_window(trial: Trial) -> None:
    """Four drains race through the same log; batch numbers follow the order of commits."""
    last = 40

    def drain(warehouse: Warehouse) -> int:
        stale = 0
        while True:
            known = warehouse.positions().get(TOPIC.name)
            at = known.next_offsets[0] if known else None
            if at == last:
                return stale
            try:
                warehouse.land(batch(landing(at or 0, (at or 0) + 2, at)), "run")
            except StaleLanding:
                stale += 1

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(drain, [trial.another() for _ in range(4)]))

    assert offsets(trial) == list(range(last))
    windows = trial.query("select batch_id, first_offset, end_offset from ops.windows order by batch_id")
    assert windows == [(n + 1, n * 2, n * 2 + 2) for n in range(last // 2)]


def test_the_lease_names_the_run_that_took_it_last(trial: Trial) -> None:
    assert trial.warehouse.lease_holder("loop") is None
    trial.warehouse.take_lease("loop", "run-1")
    trial.another().take_lease("loop", "run-2")
    assert trial.warehouse.lease_holder("loop") == "run-2"
    assert trial.warehouse.lease_holder("another") is None


def test_of_runs_that_take_a_lease_at_once_one_is_named_and_all_see_it(trial: Trial) -> None:
    warehouses = [trial.another() for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda n: warehouses[n].take_lease("loop", f"run-{n}"), range(4)))
    named = {warehouse.lease_holder("loop") for warehouse in warehouses}
    assert len(named) == 1
    assert named < {f"run-{n}" for n in range(4)}
    assert trial.query("select count(*) from ops.lease where name = 'loop'") == [(1,)]


def test_a_lease_that_is_released_names_nobody(trial: Trial) -> None:
    trial.warehouse.take_lease("loop", "run-1")
    trial.another().release_lease("loop")
    assert trial.warehouse.lease_holder("loop") is None
    trial.warehouse.take_lease("loop", "run-2")
    assert trial.warehouse.lease_holder("loop") == "run-2"


def test_batches_that_were_prepared_together_land_as_they_would_alone(trial: Trial) -> None:
    """Uploads go side by side where there are any; the numbers follow the order of landing."""
    spans = [(n * 3, n * 3 + 3, n * 3 or None) for n in range(6)]
    prepared = trial.warehouse.prepare([batch(landing(*span)) for span in spans])
    assert [trial.another().land(one, "run-1").batch_id for one in prepared] == [1, 2, 3, 4, 5, 6]
    assert offsets(trial) == list(range(18))


def test_it_answers_questions_with_values_in_them(trial: Trial) -> None:
    trial.warehouse.land(batch(landing(0, 5, None)), "run-1")
    sql = f"select kafka_offset as at, key from {RAW} where kafka_offset > ? and key = ? order by 1"
    for opened in (trial.warehouse.reading(), trial.another().open()):
        with opened as connection:
            answer = connection.execute(sql, [2, "BTCUSDT"])
            assert [column[0] for column in answer.description] == ["at", "key"]
            assert answer.fetchone() == (3, "BTCUSDT")
            assert answer.fetchall() == [(4, "BTCUSDT")]
