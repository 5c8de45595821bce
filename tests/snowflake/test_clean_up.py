"""The nightly job prunes either warehouse."""

import pytest

from ingest.core.settings import Settings
from ingest.warehouse.open import open_warehouse
from orchestration.maintenance import nightly as maintenance
from orchestration.resources import warehouse_resource
from tests.snowflake.conftest import InEnvironment
from tests.warehouse.batches import RAW, batch, landing


# Dagster looks for a resource's fields in an old way where it has none.
@pytest.mark.filterwarnings("ignore:The `__fields__` attribute is deprecated")
@pytest.mark.parametrize("kind", ["duckdb", "snowflake"])
def test_old_messages_go_at_night(
    account: Settings, environment: InEnvironment, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(maintenance, "read_models", list)
    settings = account.model_copy(update={"warehouse": kind})
    warehouse = open_warehouse(settings)
    warehouse.migrate()
    warehouse.land(batch(landing(0, 4, None)), None)
    warehouse.land(batch(landing(4, 6, 4)), None)
    with warehouse.open() as connection:
        connection.execute("update ops.batches set committed_at = '2026-01-01' where batch_id = 1")
    with environment(settings):
        done = maintenance.clean_up.execute_in_process(
            resources={"database": warehouse_resource()}, op_selection=["prune_warehouse"]
        )
    assert done.success
    with warehouse.reading() as connection:
        assert connection.execute(f"select count(*) from {RAW}").fetchall() == [(2,)]
        assert connection.execute("select run_id from ops.batches where kind = 'prune'").fetchall() == [
            (done.run_id,)
        ]
