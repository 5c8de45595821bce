"""The DuckDB file among strangers, on a full disk, and under kill -9."""

import logging
import random
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from ingest.core.errors import DiskFull, NeedsAttention, StaleLanding, WarehouseBusy
from ingest.core.topics import TOPICS
from ingest.warehouse.duckdb.file import DuckDbFile
from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse
from tests.warehouse.batches import RAW, TOPIC, batch, batch_of, landing, records
from tests.warehouse.killed_processes import BATCH_ROWS, killed_at_the_end, land_for_ever
from tests.warehouse.processes import process

# Somebody's notebook: it knows no lock, and has the file open for as long as it lives.
STRANGER = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1], read_only=sys.argv[2] == "reader")
print("ready", flush=True)
sys.stdin.read()
"""

MIGRATION = """
import sys
from pathlib import Path
from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse
DuckDbWarehouse(Path(sys.argv[1])).migrate()
"""


def assert_sound(warehouse: DuckDbWarehouse) -> int:
    """Rows, windows and position agree; how many rows there are."""
    with warehouse.file.reading() as connection:
        rows, first, end = one(
            connection, f"select count(*), min(kafka_offset), max(kafka_offset) + 1 from {RAW}"
        )
        promised, reach = one(connection, "select sum(row_count), max(end_offset) from ops.windows")
    known = warehouse.positions().get(TOPIC.name)
    if known is None:
        assert (rows, promised) == (0, None)
        return 0
    assert (rows, first, end) == (promised, 0, reach)
    assert known.next_offsets == {0: rows}
    return rows


def one(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple:
    [row] = connection.execute(sql).fetchall()
    return row


# --- Making and opening


def test_older_tools_can_read_what_we_create(duckdb_warehouse: DuckDbWarehouse, path: Path) -> None:
    """68 is the storage version that DuckDB 1.5 reads and writes; 2.0's own is 999."""
    duckdb_warehouse.land(batch(landing(0, 3, None)), None)
    with path.open("rb") as file:
        assert int.from_bytes(file.read(20)[12:], "little") == 68


def test_creating_twice_keeps_what_is_there(duckdb_warehouse: DuckDbWarehouse) -> None:
    duckdb_warehouse.land(batch(landing(0, 3, None)), None)
    duckdb_warehouse.file.create()
    assert assert_sound(duckdb_warehouse) == 3


def test_half_a_file_of_a_killed_creation_is_no_obstacle(path: Path) -> None:
    path.with_name(path.name + ".new").write_bytes(b"half")
    DuckDbWarehouse(path).migrate()
    assert [file.name for file in path.parent.glob("*.duckdb*") if file.stat().st_size] == [path.name]


def test_a_warehouse_that_is_not_there_says_how_to_make_it(path: Path) -> None:
    for use in (DuckDbFile(path).reading, DuckDbFile(path).writing):
        with pytest.raises(NeedsAttention, match="tickhouse"), use():
            pass
    assert not path.exists()


def test_readers_cannot_write(duckdb_warehouse: DuckDbWarehouse) -> None:
    with duckdb_warehouse.file.reading() as connection, pytest.raises(duckdb.Error, match="read-only"):
        connection.execute("create table ops.mine (x int)")


def test_an_error_frees_the_file(duckdb_warehouse: DuckDbWarehouse, path: Path) -> None:
    """Also while its traceback lives."""
    with pytest.raises(duckdb.Error) as error, duckdb_warehouse.file.writing() as connection:
        connection.execute("select nonsense")
    with process(STRANGER, path, "writer"):
        assert error.value.__traceback__ is not None


def test_a_refused_batch_leaves_a_shared_connection_usable(duckdb_warehouse: DuckDbWarehouse) -> None:
    with duckdb_warehouse.open():
        duckdb_warehouse.land(batch(landing(0, 3, None)), None)
        with pytest.raises(StaleLanding):
            duckdb_warehouse.land(batch(landing(0, 3, None)), None)
        duckdb_warehouse.land(batch(landing(3, 5, 3)), None)
    assert assert_sound(duckdb_warehouse) == 5


# --- Strangers


@pytest.mark.parametrize("kind", ["reader", "writer"])
def test_an_idle_stranger_is_waited_for_by_name(
    duckdb_warehouse: DuckDbWarehouse, path: Path, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING), process(STRANGER, path, kind) as stranger:
        leaving = threading.Thread(target=leave_when_named, args=(stranger, caplog))
        leaving.start()
        duckdb_warehouse.land(batch(landing(0, 3, None)), None)
        leaving.join()
    assert assert_sound(duckdb_warehouse) == 3
    assert len(caplog.records) == 1, "said once, not at every try"


def leave_when_named(stranger: subprocess.Popen[str], caplog: pytest.LogCaptureFixture) -> None:
    while not caplog.records:
        time.sleep(0.01)
    assert f"PID {stranger.pid}" in caplog.text
    stranger.kill()


def test_patience_with_a_stranger_ends(duckdb_warehouse: DuckDbWarehouse, path: Path) -> None:
    with process(STRANGER, path, "writer") as stranger:
        impatient = DuckDbWarehouse(path, wait_seconds=0.2)
        with pytest.raises(WarehouseBusy, match=f"PID {stranger.pid}"):
            impatient.positions()
        with pytest.raises(WarehouseBusy, match=f"PID {stranger.pid}"):
            impatient.land(batch(landing(0, 3, None)), None)
    assert assert_sound(duckdb_warehouse) == 0


def test_a_stranger_that_reads_disturbs_no_reader(duckdb_warehouse: DuckDbWarehouse, path: Path) -> None:
    with process(STRANGER, path, "reader"):
        assert DuckDbWarehouse(path, wait_seconds=0).positions() == {}


# --- A full disk


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """No file may grow beyond this size: to a process that writes, the same as a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


@pytest.mark.parametrize("shared_connection", [False, True])
@pytest.mark.parametrize(("rows", "payload"), [(300, 100_000), (2_000, 10)], ids=["insert", "commit"])
def test_a_full_disk_lands_nothing_and_goes_on_when_there_is_room(
    duckdb_warehouse: DuckDbWarehouse, rows: int, payload: int, *, shared_connection: bool
) -> None:
    """Large batches fail while inserting, small ones when the log is written at commit."""
    duckdb_warehouse.land(batch(landing(0, 100, None)), None)
    next_batch = batch_of(records(100, 100 + rows, payload="x" * payload), position=100)
    size = duckdb_warehouse.file.path.stat().st_size
    full = pytest.raises(DiskFull, match="Nothing of this batch was landed")
    if shared_connection:
        with full, duckdb_warehouse.open(), room_for(size if rows == 300 else 1_000):
            duckdb_warehouse.land(next_batch, None)
    else:
        with room_for(size if rows == 300 else 1_000), full:
            duckdb_warehouse.land(next_batch, None)
    assert assert_sound(duckdb_warehouse) == 100
    duckdb_warehouse.land(next_batch, None)
    assert assert_sound(duckdb_warehouse) == 100 + rows


# --- kill -9


@pytest.mark.slow
def test_kill_9_while_landing_leaves_whole_batches(duckdb_warehouse: DuckDbWarehouse, path: Path) -> None:
    chance = random.Random(7)
    for _ in range(15):
        with killed_at_the_end(land_for_ever, path) as steps:
            for _ in range(chance.randrange(3)):
                steps.acquire()
            time.sleep(chance.random() * 0.15)
        assert assert_sound(duckdb_warehouse) % BATCH_ROWS == 0
    assert assert_sound(duckdb_warehouse) > 0


# --- Migrations


def test_an_empty_file_gets_a_raw_table_per_topic(duckdb_warehouse: DuckDbWarehouse) -> None:
    with duckdb_warehouse.file.reading() as connection:
        found = connection.execute(
            "select table_name from duckdb_tables() where schema_name = 'raw'"
        ).fetchall()
    assert {row[0] for row in found} == {topic.raw_table for topic in TOPICS}


def test_a_warehouse_of_a_newer_tickhouse_is_refused(duckdb_warehouse: DuckDbWarehouse) -> None:
    with duckdb_warehouse.file.writing() as connection:
        connection.execute("insert into ops.schema_versions values (9999, now()::timestamp)")
    with pytest.raises(NeedsAttention, match="9999"):
        duckdb_warehouse.migrate()


def test_processes_that_start_together_migrate_once(path: Path) -> None:
    together = [subprocess.Popen([sys.executable, "-c", MIGRATION, str(path)]) for _ in range(3)]
    assert [child.wait() for child in together] == [0, 0, 0]
    assert assert_sound(DuckDbWarehouse(path)) == 0
