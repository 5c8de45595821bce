"""`tickhouse snapshot`, `backup` and `restore`."""

import json
from pathlib import Path

import duckdb
import pytest

from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse
from tests.warehouse.batches import RAW, batch, landing


@pytest.fixture
def warehouse(tmp_path: Path) -> DuckDbWarehouse:
    made = DuckDbWarehouse(tmp_path / "warehouse.duckdb")
    made.migrate()
    made.land(batch(landing(0, 5, None)), None)
    return made


def row_count(path: Path) -> int:
    with duckdb.connect(path, read_only=True) as connection:
        return connection.execute(f"select count(*) from {RAW}").fetchall()[0][0]


def test_snapshot_says_where_the_copy_is(tickhouse, warehouse, tmp_path):
    result = tickhouse("snapshot")

    assert result.exit_code == 0
    assert Path(result.stdout.strip()) == tmp_path / "snapshots" / "tickhouse.duckdb"
    assert row_count(tmp_path / "snapshots" / "tickhouse.duckdb") == 5


def test_snapshot_to_a_path_of_your_own(tickhouse, warehouse, tmp_path):
    path = tmp_path / "a folder with spaces" / "it's mine.duckdb"

    assert tickhouse("snapshot", str(path)).exit_code == 0
    assert row_count(path) == 5


def test_snapshot_without_a_warehouse(tickhouse):
    result = tickhouse("snapshot")

    assert result.exit_code == 1
    assert "There is no warehouse" in result.stderr


def test_backup_then_restore(tickhouse, warehouse, tmp_path):
    folder = tmp_path / "friday"
    assert tickhouse("backup", str(folder)).exit_code == 0
    assert json.loads((folder / "manifest.json").read_text())["next_offsets"] == {"binance.trades": {"0": 5}}
    warehouse.land(batch(landing(5, 9, 5)), None)

    result = tickhouse("restore", str(folder), "--yes")

    assert result.exit_code == 0
    assert "warehouse.replaced.duckdb" in result.stdout
    assert warehouse.positions()["binance.trades"].next_offsets == {0: 5}


def test_restore_asks_first(tickhouse, warehouse, tmp_path):
    tickhouse("backup", str(tmp_path / "friday"))
    warehouse.land(batch(landing(5, 9, 5)), None)

    assert tickhouse("restore", str(tmp_path / "friday")).exit_code == 1
    assert warehouse.positions()["binance.trades"].next_offsets == {0: 9}


def test_what_is_no_backup_is_refused(tickhouse, warehouse, tmp_path):
    result = tickhouse("restore", str(tmp_path), "--yes")

    assert result.exit_code == 1
    assert "is no backup of Tickhouse" in result.stderr


def test_a_folder_in_use_takes_no_backup(tickhouse, warehouse, tmp_path):
    result = tickhouse("backup", str(tmp_path))

    assert result.exit_code == 1
    assert "is not empty" in result.stderr
