"""The nightly question, on a real warehouse: what was tampered with is found, and nothing else."""

from pathlib import Path

import pytest

from ingest.core.settings import Settings
from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse
from orchestration.checks.equality import dbt_run, differences_to_rebuild
from tests.warehouse.batches import batch, landing

pytestmark = pytest.mark.slow

TAMPERED = "staging.stg_binance__trades"
HONEST = "marts.fct_trades"


def test_tampering_is_found(tmp_path: Path) -> None:
    settings = Settings(tickhouse_home=tmp_path)
    warehouse = DuckDbWarehouse(settings.warehouse_path)
    warehouse.migrate()
    warehouse.land(batch(landing(0, 20, None)), None)
    dbt_run(tmp_path)
    with warehouse.file.writing() as connection:
        connection.execute(f"delete from {TAMPERED} where kafka_offset = 7")
    assert differences_to_rebuild(settings, [TAMPERED, HONEST]) == {TAMPERED: 1, HONEST: 0}
