"""Snapshots and backups: whole, consistent while others write, and the way back keeps exactly-once."""

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from ingest.errors import NeedsAttention
from ingest.runs import show_life
from ingest.settings import Settings
from ingest.warehouse.backup import FILE, backup, read_manifest, restore
from ingest.warehouse.duckdb_warehouse import DuckDbWarehouse
from ingest.warehouse.snapshot import snapshot
from tests.warehouse.batches import batch, landing

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
    assert read_manifest(folder).next_offsets == {TOPIC: {"0": 5}}
    warehouse.land(batch(landing(5, 9, 5)), None)
    replaced = restore(settings_here, folder)
    assert warehouse.positions()[TOPIC].next_offsets == {0: 5}
    warehouse.land(batch(landing(5, 9, 5)), None)
    assert one(warehouse.file.path, "select count(distinct kafka_offset) from raw.binance_trades") == 9
    assert replaced is not None
    assert one(replaced, "select count(*) from raw.binance_trades") == 9


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
    show_life(settings_here, "abcdefgh-run")
    with pytest.raises(NeedsAttention, match="abcdefgh"):
        restore(settings_here, folder)
