"""`tickhouse prune` and `tickhouse reset`."""

import json
from pathlib import Path

import pytest

from ingest.warehouse import models
from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse
from ingest.warehouse.protocol import Shrunk
from tests.warehouse.batches import RAW, batch, landing


@pytest.fixture
def warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DuckDbWarehouse:
    """A batch of a month ago and one of today; no models."""
    monkeypatch.setattr(models, "read_models", list)
    made = DuckDbWarehouse(tmp_path / "warehouse.duckdb")
    made.migrate()
    made.land(batch(landing(0, 4, None)), None)
    made.land(batch(landing(4, 6, 4)), None)
    with made.open() as connection:
        connection.execute(
            "update ops.batches set committed_at = committed_at - interval 30 day where batch_id = 1"
        )
    return made


def row_count(warehouse: DuckDbWarehouse) -> int:
    with warehouse.file.reading() as connection:
        return connection.execute(f"select count(*) from {RAW}").fetchall()[0][0]


def test_a_dry_run_says_what_would_go(tickhouse, warehouse):
    result = tickhouse("prune", "--dry-run", "--format", "json")

    assert result.exit_code == 0, result.output
    [row] = json.loads(result.stdout)
    assert (row["table"], row["rows"]) == (RAW, 4)
    assert row_count(warehouse) == 6


def test_prune_deletes_and_says_how_large_the_file_is(tickhouse, warehouse):
    result = tickhouse("prune")

    assert result.exit_code == 0
    assert "MiB and has" in result.stderr
    assert row_count(warehouse) == 2


def test_prune_says_why_a_file_does_not_shrink(tickhouse, warehouse, monkeypatch):
    monkeypatch.setattr(DuckDbWarehouse, "shrink", lambda _: Shrunk(5 * 2**20, 5 * 2**20, "no room"))

    assert "stays at 5 MiB: no room." in tickhouse("prune").stderr


def test_reset_asks_first(tickhouse, warehouse):
    assert tickhouse("reset").exit_code == 1
    assert row_count(warehouse) == 6


def test_reset_of_one_topic(tickhouse, warehouse):
    result = tickhouse("reset", "--topic", "binance.trades", "--yes")

    assert result.exit_code == 0
    assert RAW in result.stdout
    assert row_count(warehouse) == 0
    assert warehouse.positions() == {}


def test_reset_of_a_topic_that_is_not(tickhouse, warehouse):
    assert tickhouse("reset", "--topic", "nonsense", "--yes").exit_code == 1


def test_without_a_warehouse_there_is_a_sentence(tickhouse):
    for command in (["prune"], ["reset", "--yes"]):
        result = tickhouse(*command)
        assert result.exit_code == 1
        assert "There is no warehouse" in result.stderr
