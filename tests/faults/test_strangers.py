"""Others at the warehouse: programs that know no lock, readers in a crowd, a second drain, a second run."""

import threading

import pytest

from ingest.drain.drain import Drain
from ingest.kafka.open import open_log
from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse
from tests.faults import harm
from tests.faults.waiting import wait_until
from tests.faults.world import World
from tests.warehouse.processes import process

pytestmark = pytest.mark.slow

IDLE_STRANGER = """import duckdb, sys, time
connection = duckdb.connect(sys.argv[1], read_only=sys.argv[2] == 'reads')
print('ready', flush=True)
time.sleep(600)"""
READER = """import sys, time
from pathlib import Path
from ingest.warehouse.duckdb.file import DuckDbFile
file = DuckDbFile(Path(sys.argv[1]))
print('ready', flush=True)
while True:
    with file.reading() as connection:
        connection.execute('select count(*) from raw.binance_trades').fetchall()
        time.sleep(0.3)"""


@pytest.mark.parametrize("does", ["reads", "writes"])
def test_an_idle_stranger_is_named_and_waited_for(world: World, does: str) -> None:
    world.feed.trades(40)
    with process(IDLE_STRANGER, world.place.settings.warehouse_path, does) as stranger:
        run = world.start(history=True)
        wait_until("its name", lambda: f"PID {stranger.pid}" in run.said())
        assert run.exit_code is None
    assert run.wait() == 0
    world.must_hold_everything()


def test_readers_in_a_crowd_do_not_keep_a_run_out(world: World) -> None:
    path = world.place.settings.warehouse_path
    world.feed.trades(180)
    with process(READER, path), process(READER, path), process(READER, path):
        world.must_run(harm.small_batches)
    world.must_hold_everything()


def test_of_two_runs_the_newer_stays(world: World) -> None:
    world.feed.trades(40)
    older = world.start(max_seconds=600)
    world.wait_until_landed()
    newer = world.start(max_seconds=600)
    for _ in range(5):
        world.feed.trades(20)
    assert older.wait() == 0
    assert "another run has taken over" in older.said()
    assert newer.exit_code is None
    world.feed.trades(20)
    world.wait_until_landed()
    world.end(newer)
    world.must_run()
    world.must_hold_everything()


def test_drains_beside_a_run_double_nothing(world: World) -> None:
    """`tickhouse drain` while the loop runs: whoever commits first has landed it."""
    settings = world.place.settings
    run = world.start(max_seconds=600)

    def drain() -> None:
        with Drain(lambda: open_log(settings), DuckDbWarehouse(settings.warehouse_path)) as drain:
            while not done.is_set():
                list(drain.run_once())

    done = threading.Event()
    other = threading.Thread(target=drain)
    other.start()
    try:
        for _ in range(6):
            world.feed.trades(30)
        world.wait_until_landed()
    finally:
        done.set()
        other.join()
    world.end(run)
    world.must_run()
    world.must_hold_everything()
    landers = world.rows("select count(distinct run_id is null) from ops.batches where kind = 'landing'")
    assert landers in ([(1,)], [(2,)])
