"""A rebuild is refused where it would lose rows that nothing can bring back."""

from datetime import timedelta
from pathlib import Path

import pytest

from ingest.core.errors import RebuildRefused
from ingest.core.settings import Settings
from ingest.warehouse import rebuild
from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse
from ingest.warehouse.rebuild import check_rebuild
from tests.warehouse.batches import TOPIC
from tests.warehouse.modelled import model

MODELS = [
    model("fct"),
    model("both", driving_topic=None),
    model("ageless", ages_by=None),
    model("view", is_view=True),
    model("never_built"),
    model("kept", keeps=timedelta(days=3650)),
]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Tables with a row of the 12th and one of the 14th each; nothing has been pruned."""
    monkeypatch.setattr(rebuild, "read_models", lambda: MODELS)
    settings = Settings(tickhouse_home=tmp_path)
    warehouse = DuckDbWarehouse(settings.warehouse_path)
    warehouse.migrate()
    with warehouse.open() as connection:
        connection.execute("create schema marts; create table marts.fct (event_at timestamp)")
        connection.execute("insert into marts.fct values ('2024-05-12'), ('2024-05-14')")
        connection.execute("create view marts.view as from marts.fct")
        connection.execute("create table marts.ageless as from marts.fct")
        connection.execute("create table marts.kept as from marts.fct")
        connection.execute(
            f"create table marts.both as select '{TOPIC.name}' as kafka_topic, * from marts.fct"
        )
        connection.execute("insert into marts.both values ('another', '2020-01-01')")
    return settings


def prune_until(settings: Settings, day: str) -> None:
    with DuckDbWarehouse(settings.warehouse_path).open() as connection:
        connection.execute("insert into ops.retention values (?, ?, 1, now()::timestamp)", [TOPIC.name, day])


def test_what_was_never_pruned_can_be_rebuilt(settings: Settings) -> None:
    check_rebuild(settings)


def test_what_ends_where_raw_begins_can_be_rebuilt(settings: Settings) -> None:
    prune_until(settings, "2024-05-12")
    check_rebuild(settings)


def test_rows_without_a_source_are_named(settings: Settings) -> None:
    prune_until(settings, "2024-05-13")
    with pytest.raises(RebuildRefused) as refused:
        check_rebuild(settings)
    assert "marts.fct: 1 rows from before 2024-05-13" in str(refused.value)
    assert "marts.both: 1 rows" in str(refused.value)
    assert str(refused.value).count("rows from") == 2
    assert "--force" in str(refused.value)
