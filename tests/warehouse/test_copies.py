"""Snapshots and backups: whole, consistent while others write, and the way back keeps exactly-once."""

import random
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from ingest.core.errors import NeedsAttention
from ingest.core.settings import Settings
from ingest.operations.backup import FILE, backup, read_manifest, restore
from ingest.operations.runs import show_alive
from ingest.operations.snapshot import snapshot
from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse
from tests.warehouse.batches import batch, landing
from tests.warehouse.killed_processes import killed_at_the_end, restore_for_ever

TOPIC = "binance.trades"
KILLED_WRITER = """
import os, signal, sys
import duckdb
connection = duckdb.connect(sys.argv[1])
connection.execute("create table ops.left_in_the_wal as select 42 as answer")
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def warehouse(settings_here: Settings) -> DuckDbWarehouse:
    made = DuckDbWarehouse(settings_here.warehouse_path)
    made.migrate()
    return made


@pytest.fixture
def settings_here(tmp_path: Path) -> Settings:
    return Settings(tickhouse_home=tmp_path)


def one(path: Path, sql: str) -> object:
    with duckdb.connect(path, read_only=True) as connection:
        row = connection.execute(sql).fetchone()
    assert row is not None
    return row[0]


def test_a_snapshot_has_what_a_killed_writer_committed(
    settings_here: Settings, warehouse: DuckDbWarehouse
) -> None:
    path = str(warehouse.file.path)
    assert subprocess.run([sys.executable, "-c", KILLED_WRITER, path], check=False).returncode < 0
    assert one(snapshot(settings_here), "select answer from ops.left_in_the_wal") == 42


def test_views_work_in_a_copy_of_another_name(
    settings_here: Settings, warehouse: DuckDbWarehouse, tmp_path: Path
) -> None:
    """dbt writes the name of the database into each view."""
    warehouse.land(batch(landing(0, 5, None)), None)
    with warehouse.open() as connection:
        connection.execute('create view ops.seen as select * from "warehouse"."raw"."binance_trades"')
    assert one(snapshot(settings_here, tmp_path / "elsewhere.duckdb"), "select count(*) from ops.seen") == 5


@pytest.mark.parametrize(("tool", "storage"), [("1.1", "v1.0.0+"), ("v1.4.2", "v1.4.0+")])
def test_a_snapshot_for_an_older_duckdb(
    settings_here: Settings, warehouse: DuckDbWarehouse, tmp_path: Path, tool: str, storage: str
) -> None:
    warehouse.land(batch(landing(0, 5, None)), None)
    copy = snapshot(settings_here, tmp_path / "older.duckdb", tool)
    assert one(copy, "select tags['storage_version'] from duckdb_databases() where not internal") == storage
    assert one(copy, "select count(*) from raw.binance_trades") == 5
    assert list(tmp_path.glob("*older*")) == [copy]


@pytest.mark.parametrize("tool", ["1.0", "3", "soon"])
def test_a_duckdb_that_no_snapshot_is_made_for(settings_here: Settings, tool: str) -> None:
    with pytest.raises(ValueError, match="name one of"):
        snapshot(settings_here, tool=tool)


def test_a_snapshot_replaces_the_older_one_under_its_readers(
    settings_here: Settings, warehouse: DuckDbWarehouse
) -> None:
    path = snapshot(settings_here)
    with duckdb.connect(path, read_only=True) as reader:
        warehouse.take_lease("micro_batch", "me")
        snapshot(settings_here)
        assert reader.execute("select count(*) from ops.lease").fetchone() == (0,)
    assert one(path, "select count(*) from ops.lease") == 1
    assert list(path.parent.iterdir()) == [path]


def test_restore_brings_rows_and_positions_back_together(
    settings_here: Settings, warehouse: DuckDbWarehouse
) -> None:
    warehouse.land(batch(landing(0, 5, None)), None)
    folder = backup(settings_here)
    assert read_manifest(settings_here, folder).next_offsets == {TOPIC: {"0": 5}}
    warehouse.land(batch(landing(5, 9, 5)), None)
    replaced = restore(settings_here, folder)
    assert warehouse.positions()[TOPIC].next_offsets == {0: 5}
    warehouse.land(batch(landing(5, 9, 5)), None)
    assert one(warehouse.file.path, "select count(distinct kafka_offset) from raw.binance_trades") == 9
    assert replaced is not None
    assert one(replaced, "select count(*) from raw.binance_trades") == 9


def test_a_warehouse_that_cannot_be_read_is_replaced_too(
    settings_here: Settings, warehouse: DuckDbWarehouse
) -> None:
    """That is when a backup is needed most. Its log must not be taken for the restored file's."""
    warehouse.land(batch(landing(0, 5, None)), None)
    folder = backup(settings_here)
    path = warehouse.file.path
    subprocess.run([sys.executable, "-c", KILLED_WRITER, str(path)], check=False)
    log = path.with_name(path.name + ".wal")
    assert log.stat().st_size
    path.write_bytes(b"no database" * 10_000)
    replaced = restore(settings_here, folder)
    assert warehouse.positions()[TOPIC].next_offsets == {0: 5}
    assert replaced is not None
    assert replaced.read_bytes().startswith(b"no database")
    assert not log.exists()


def test_restore_where_no_warehouse_is(
    settings_here: Settings, warehouse: DuckDbWarehouse, tmp_path: Path
) -> None:
    warehouse.land(batch(landing(0, 5, None)), None)
    folder = backup(settings_here, tmp_path / "elsewhere")
    warehouse.file.path.unlink()
    assert restore(settings_here, folder) is None
    assert warehouse.positions()[TOPIC].next_offsets == {0: 5}


@pytest.mark.slow
def test_kill_9_while_restoring_leaves_one_of_the_two(
    settings_here: Settings, warehouse: DuckDbWarehouse, tmp_path: Path
) -> None:
    warehouse.land(batch(landing(0, 5, None)), None)
    backup(settings_here, tmp_path / "backup")
    warehouse.land(batch(landing(5, 9, 5)), None)
    chance = random.Random(3)
    for _ in range(15):
        with killed_at_the_end(restore_for_ever, settings_here.warehouse_path) as steps:
            steps.acquire(timeout=chance.random())
            time.sleep(chance.random() * 0.1)
        assert warehouse.positions()[TOPIC].next_offsets in ({0: 5}, {0: 9})


def test_a_damaged_backup_is_refused(settings_here: Settings, warehouse: DuckDbWarehouse) -> None:
    warehouse.take_lease("micro_batch", "me")
    folder = backup(settings_here)
    content = bytearray((folder / FILE).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / FILE).write_bytes(content)
    with pytest.raises(NeedsAttention, match="damaged"):
        restore(settings_here, folder)
    assert warehouse.lease_holder("micro_batch") == "me"


def test_a_run_at_work_is_not_robbed_of_its_warehouse(
    settings_here: Settings, warehouse: DuckDbWarehouse
) -> None:
    warehouse.take_lease("micro_batch", "me")
    folder = backup(settings_here)
    show_alive(settings_here, "abcdefgh-run")
    with pytest.raises(NeedsAttention, match="abcdefgh"):
        restore(settings_here, folder)
