"""A file that was rewritten is smaller, holds the same, and is never half there."""

import random
import shutil
import time
from collections import namedtuple
from pathlib import Path

import duckdb
import pytest

from ingest.core.errors import NeedsAttention
from ingest.warehouse.duckdb import shrink as module
from ingest.warehouse.duckdb.file import DuckDbFile
from ingest.warehouse.duckdb.shrink import Shrunk, shrink
from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse
from tests.warehouse.batches import RAW, batch, landing
from tests.warehouse.killed_processes import bloat, killed_at_the_end, shrink_for_ever
from tests.warehouse.soundness import assert_raw_is_sound


@pytest.fixture
def bloated(duckdb_warehouse: DuckDbWarehouse, monkeypatch: pytest.MonkeyPatch) -> DuckDbWarehouse:
    """Some batches, a view, and much free space."""
    monkeypatch.setattr(module, "WORTH_BYTES", 1)
    duckdb_warehouse.land(batch(landing(0, 500, None)), "run")
    with duckdb_warehouse.open() as connection:
        connection.execute(f"create schema marts; create view marts.latest as from {RAW}")
    bloat(duckdb_warehouse.file)
    return duckdb_warehouse


def contents(file: DuckDbFile) -> dict[str, list[tuple]]:
    with file.reading() as connection:
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables() order by all"
        ).fetchall()
        rows = {
            f"{schema}.{name}": connection.execute(f"from {schema}.{name}").fetchall()
            for schema, name in tables
        }
        constraints = connection.execute(
            "select table_name, constraint_text from duckdb_constraints() order by all"
        ).fetchall()
        return rows | {"constraints": constraints, "view": connection.execute("from marts.latest").fetchall()}


def test_a_smaller_file_with_the_same_contents(bloated: DuckDbWarehouse, path: Path) -> None:
    before, size = contents(bloated.file), path.stat().st_size
    shrunk = shrink(bloated.file)
    assert shrunk == Shrunk(size, path.stat().st_size)
    assert shrunk.after_bytes < size / 2
    assert contents(bloated.file) == before
    with path.open("rb") as file:
        assert int.from_bytes(file.read(20)[12:], "little") == 68, "older tools still read it"
    assert [left.name for left in path.parent.glob("*.duckdb*") if left.stat().st_size] == [path.name]
    bloated.land(batch(landing(500, 600, 500)), "run")
    with bloated.open() as connection:
        assert_raw_is_sound(connection)
        with pytest.raises(duckdb.ConstraintException):
            connection.execute("insert into ops.batches from ops.batches")


def test_what_gives_little_back_is_left(
    bloated: DuckDbWarehouse, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WORTH_BYTES", 2**30)
    size = path.stat().st_size
    assert shrink(bloated.file) == Shrunk(size, size)


def test_without_room_for_a_copy_it_says_so(
    bloated: DuckDbWarehouse, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(0, 0, 3 * 2**20))
    shrunk = shrink(bloated.file)
    assert shrunk.after_bytes == shrunk.before_bytes == path.stat().st_size
    assert shrunk.kept_because is not None
    assert "3 MiB are free" in shrunk.kept_because


def test_a_copy_that_lacks_rows_takes_no_place(
    bloated: DuckDbWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(bloated.file)
    compare = module._compare

    def lose_a_row_first(memory: duckdb.DuckDBPyConnection) -> None:
        memory.execute(f"delete from new.{RAW} where kafka_offset = 7")
        compare(memory)

    monkeypatch.setattr(module, "_compare", lose_a_row_first)
    with pytest.raises(NeedsAttention, match="old file stays in use"):
        shrink(bloated.file)
    assert contents(bloated.file) == before


@pytest.mark.slow
def test_kill_9_at_any_step_leaves_one_good_file(bloated: DuckDbWarehouse, path: Path) -> None:
    before = contents(bloated.file)
    chance = random.Random(11)
    unfinished = 0
    for _ in range(12):
        with killed_at_the_end(shrink_for_ever, path) as steps:
            steps.acquire(timeout=chance.random())
            time.sleep(chance.random() * 0.5)
        unfinished += path.with_name(path.name + ".shrunk").exists()
        with bloated.open() as connection:
            connection.execute("drop table if exists ops.ballast")
        assert contents(bloated.file) == before
    assert unfinished, "never killed in the middle: the test proves nothing"
    bloat(bloated.file)
    shrunk = shrink(bloated.file)
    assert shrunk.after_bytes < shrunk.before_bytes / 2
    assert not path.with_name(path.name + ".shrunk").exists()
