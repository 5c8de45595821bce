"""A reset topic is as if it had never been landed; the others do not notice."""

from dataclasses import replace
from datetime import timedelta

import duckdb
import pytest

from ingest.core.errors import RebuildRefused
from ingest.core.topics import BY_NAME
from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse, new_batch
from ingest.warehouse.models import models_without_manifest
from ingest.warehouse.reset import reset
from tests.warehouse.batches import RAW, TOPIC, batch, landing
from tests.warehouse.modelled import model
from tests.warehouse.soundness import assert_raw_is_sound

OTHER = BY_NAME["binance.depth"]
BOTH = frozenset({TOPIC.name, OTHER.name})
MODELS = [
    model("of_trades"),
    model("of_depth", topics=frozenset({OTHER.name}), driving_topic=OTHER.name),
    model("of_both", topics=BOTH, driving_topic=None),
    model("view_of_both", topics=BOTH, is_view=True),
]
OPS = ("positions", "topic_lives", "windows", "lost_ranges", "retention")


@pytest.fixture
def connection(duckdb_warehouse: DuckDbWarehouse):
    """Both topics with rows, positions and built models; the other one came first."""
    with duckdb_warehouse.open() as opened:
        duckdb_warehouse.land(batch(landing(0, 4, None)), None)
        for table in (*OPS[:3], "batches"):
            opened.execute(
                f"insert into ops.{table} by name select * replace ('{OTHER.name}' as topic"
                f"{', batch_id + 1 as batch_id' if table in ('windows', 'batches') else ''}) from ops.{table}"
            )
        opened.execute(f"insert into raw.{OTHER.raw_table} select * replace (2 as batch_id) from {RAW}")
        duckdb_warehouse.land(batch(landing(6, 9, 4)), None)
        opened.execute("create schema marts")
        for one in MODELS:
            opened.execute("insert into ops.model_progress values (?, 3, 3, null)", [one.unique_id])
            if not one.is_view:
                opened.execute(f"create table {one.relation} as select 'x' as kafka_topic, now() as event_at")
                opened.execute(f"create table {one.vanished} as select 1 as batch_id")
        opened.execute("create view marts.view_of_both as from marts.of_both")
        yield opened


def tables(connection: duckdb.DuckDBPyConnection, schema: str) -> set[str]:
    sql = "select table_name from information_schema.tables where table_schema = ?"
    return {row[0] for row in connection.execute(sql, [schema]).fetchall()}


def topics_in(connection: duckdb.DuckDBPyConnection, table: str) -> set[str]:
    return {row[0] for row in connection.execute(f"select topic from ops.{table}").fetchall()}


def test_rows_positions_and_tables_go_together(connection: duckdb.DuckDBPyConnection) -> None:
    gone = reset(connection, [TOPIC], MODELS, new_batch)
    assert gone == [RAW, "marts.of_trades", "marts.of_both", "marts.view_of_both"]
    assert connection.execute(f"select count(*) from {RAW}").fetchall() == [(0,)]
    assert connection.execute(f"select count(*) from raw.{OTHER.raw_table}").fetchall() == [(4,)]
    assert all(topics_in(connection, table) <= {OTHER.name} for table in OPS)
    assert all(topics_in(connection, table) == {OTHER.name} for table in OPS[:3])
    assert tables(connection, "marts") == {"of_depth"}
    assert {name for name in tables(connection, "ops") if name.startswith("vanished_")} == {
        "vanished_of_depth"
    }
    assert connection.execute("select model from ops.model_progress").fetchall() == [
        ("model.tickhouse.of_depth",)
    ]


def test_numbers_of_batches_go_on(
    connection: duckdb.DuckDBPyConnection, duckdb_warehouse: DuckDbWarehouse
) -> None:
    """A model of another topic has built through 3: a new batch 3 would be old to it."""
    reset(connection, [TOPIC], MODELS, new_batch)
    landed = duckdb_warehouse.land(batch(landing(0, 9, None)), None)
    assert landed.batch_id == 5
    assert landed.opened_life == 1
    assert_raw_is_sound(connection)


def test_everything(connection: duckdb.DuckDBPyConnection, duckdb_warehouse: DuckDbWarehouse) -> None:
    reset(connection, [TOPIC, OTHER], models_without_manifest(connection), new_batch)
    assert tables(connection, "marts") == set()
    assert duckdb_warehouse.positions() == {}
    assert connection.execute("select count(*) from ops.model_progress").fetchall() == [(0,)]


@pytest.mark.parametrize("keeps", [None, timedelta(days=3650)])
def test_rows_of_other_topics_that_cannot_come_back_stand_in_the_way(
    connection: duckdb.DuckDBPyConnection, keeps: timedelta | None
) -> None:
    """Also those that outlive a rebuild: a reset drops the table."""
    models = [replace(one, keeps=keeps) for one in MODELS]
    connection.execute(
        f"insert into ops.retention values ('{OTHER.name}', now()::timestamp, 1, now()::timestamp)"
    )
    connection.execute(f"insert into marts.of_both values ('{OTHER.name}', '2020-01-01')")
    with pytest.raises(RebuildRefused, match="of_both: 1 rows"):
        reset(connection, [TOPIC], models, new_batch)
    assert connection.execute(f"select count(*) from {RAW}").fetchall() == [(7,)]
    reset(connection, [TOPIC, OTHER], models, new_batch)
