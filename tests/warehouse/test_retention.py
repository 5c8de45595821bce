"""Pruning by hand-made tables: what goes, what stays, what ops says afterwards."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import duckdb
import pytest

from ingest.warehouse.connection import transaction
from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse, new_batch
from ingest.warehouse.holes import find_holes
from ingest.warehouse.models import Model
from ingest.warehouse.retention import Pruned, aligned, prune
from tests.warehouse.batches import RAW, TOPIC, batch, landing
from tests.warehouse.modelled import model
from tests.warehouse.soundness import assert_raw_is_sound

NOW = datetime(2024, 5, 20, 13, 30)  # noqa: DTZ001
FLOOR = datetime(2024, 5, 13)  # noqa: DTZ001
DAY = timedelta(days=1)

COORDINATES = "topic_life, kafka_partition, kafka_offset, batch_id as landed_batch_id"


STAGING = model("stg", reads_raw=True, columns=frozenset({"event_at", "landed_batch_id", "kafka_offset"}))


@pytest.fixture
def connection(duckdb_warehouse: DuckDbWarehouse):
    """Ten days from the 9th of May on, a batch of four messages each at noon; four lie before the floor."""
    with duckdb_warehouse.open() as opened:
        for number in range(10):
            first = number * 4
            duckdb_warehouse.land(batch(landing(first, first + 4, first or None)), None)
        when = "timestamp '2024-05-09 12:00' + interval (batch_id - 1) day"
        opened.execute(f"update ops.batches set committed_at = {when}")
        opened.execute(f"update {RAW} set landed_at = {when}, published_at = {when}")
        opened.execute("create schema marts")
        opened.execute(f"create table marts.stg as select {COORDINATES}, published_at as event_at from {RAW}")
        opened.execute("create table marts.fct as select event_at, count(*) as n from marts.stg group by 1")
        yield opened


def prune_all(connection: duckdb.DuckDBPyConnection, *models: Model, now: datetime = NOW) -> Pruned:
    with transaction(connection):
        [pruned] = prune(connection, [TOPIC], models, now, new_batch)
    assert_raw_is_sound(connection)
    assert all(hole.is_lost_range for hole in find_holes(connection, TOPIC))
    return pruned


def numbers(connection: duckdb.DuckDBPyConnection, sql: str) -> list[int]:
    return [row[0] for row in connection.execute(sql).fetchall()]


def test_what_is_older_than_its_retention_goes_everywhere(connection: duckdb.DuckDBPyConnection) -> None:
    pruned = prune_all(connection, STAGING, model("fct"))
    assert pruned == Pruned(TOPIC.name, FLOOR, {RAW: 16, "marts.stg": 16, "marts.fct": 4})
    for table in (RAW, "ops.windows"):
        assert numbers(connection, f"select distinct batch_id from {table} order by all")[-6:] == [
            5,
            6,
            7,
            8,
            9,
            10,
        ]
    assert numbers(connection, "select count(*) from marts.stg") == [24]
    assert connection.execute("select topic, kept_from, as_of_batch_id from ops.retention").fetchall() == [
        (TOPIC.name, FLOOR, 11)
    ]


def test_pruning_again_finds_nothing(connection: duckdb.DuckDBPyConnection) -> None:
    prune_all(connection, STAGING)
    assert prune_all(connection, STAGING) == Pruned(TOPIC.name)


def test_windows_of_pruned_batches_become_one(connection: duckdb.DuckDBPyConnection) -> None:
    prune_all(connection, STAGING)
    windows = connection.execute(
        "select batch_id, first_offset, end_offset, row_count from ops.windows order by first_offset"
    ).fetchall()
    assert windows[:2] == [(4, 0, 16, 0), (5, 16, 20, 4)]
    assert numbers(connection, "select batch_id from ops.batches order by 1") == [5, 6, 7, 8, 9, 10, 11]


def test_lost_ranges_and_partitions_stay_apart(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("delete from ops.windows where batch_id = 2")
    connection.execute(f"delete from {RAW} where batch_id = 2")
    connection.execute(
        f"insert into ops.lost_ranges values (3, '{TOPIC.name}', 1, 0, 4, 8, 'retention', now()::timestamp)"
    )
    prune_all(connection)
    assert connection.execute(
        "select first_offset, end_offset from ops.windows where row_count = 0 order by all"
    ).fetchall() == [(0, 4), (8, 16)]


def test_the_newest_batch_is_remembered_when_all_is_gone(
    connection: duckdb.DuckDBPyConnection, duckdb_warehouse: DuckDbWarehouse
) -> None:
    prune_all(connection, STAGING, now=NOW + 30 * DAY)
    assert numbers(connection, f"select count(*) from {RAW}") == [0]
    assert numbers(connection, "select batch_id from ops.batches") == [11]
    assert duckdb_warehouse.land(batch(landing(40, 44, 40)), None).batch_id == 12
    assert_raw_is_sound(connection)


def test_a_message_ahead_of_its_time_stays_with_what_it_says(connection: duckdb.DuckDBPyConnection) -> None:
    """Landed on the 10th, from the 14th: the marts keep it, so a rebuild must find it in raw."""
    connection.execute("update marts.stg set event_at = '2024-05-14' where kafka_offset = 5")
    prune_all(connection, STAGING)
    assert numbers(connection, f"select kafka_offset from {RAW} order by 1")[:2] == [5, 16]
    assert numbers(connection, "select kafka_offset from marts.stg order by 1")[:2] == [5, 16]
    assert 2 in numbers(connection, "select batch_id from ops.batches")
    prune_all(connection, STAGING, now=NOW + 2 * DAY)
    assert numbers(connection, f"select min(kafka_offset) from {RAW}") == [24]


def test_a_message_without_a_time_goes_with_its_batch(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("update marts.stg set event_at = null where kafka_offset in (5, 30)")
    prune_all(connection, STAGING)
    assert numbers(connection, "select kafka_offset from marts.stg where event_at is null") == [30]


def test_late_messages_go_from_tables_but_stay_raw(connection: duckdb.DuckDBPyConnection) -> None:
    """Landed on the 18th, from the 1st: below the floor, and a rebuild leaves it out."""
    connection.execute("update marts.stg set event_at = '2024-05-01' where kafka_offset = 39")
    prune_all(connection, STAGING)
    assert numbers(connection, f"select count(*) from {RAW} where kafka_offset = 39") == [1]
    assert numbers(connection, "select count(*) from marts.stg where kafka_offset = 39") == [0]


def test_history_that_has_just_landed_stays(connection: duckdb.DuckDBPyConnection) -> None:
    """All of it happened in 2020; nothing that is not a week here may go."""
    connection.execute("update marts.stg set event_at = event_at - interval 4 year")
    pruned = prune_all(connection, STAGING)
    assert pruned.kept_from == datetime(2020, 5, 13)  # noqa: DTZ001
    assert numbers(connection, "select count(*) from marts.stg") == [24]


def test_some_models_keep_longer(connection: duckdb.DuckDBPyConnection) -> None:
    prune_all(connection, STAGING, model("fct", keeps=timedelta(days=9)))
    assert numbers(connection, "select count(*) from marts.fct") == [8]


def test_a_model_of_several_topics_names_them_in_its_rows(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("create table marts.both as select 'another' as kafka_topic, * from marts.fct")
    connection.execute(f"insert into marts.both select '{TOPIC.name}', * from marts.fct")
    prune_all(connection, STAGING, model("both", driving_topic=None))
    counts = connection.execute("select kafka_topic, count(*) from marts.both group by all order by all")
    assert counts.fetchall() == [("another", 10), (TOPIC.name, 6)]


def test_a_model_driven_by_another_topic_is_left_to_that_one(connection: duckdb.DuckDBPyConnection) -> None:
    prune_all(connection, STAGING, model("fct", driving_topic="another"))
    assert numbers(connection, "select count(*) from marts.fct") == [10]


def test_a_model_of_a_topic_per_venue_is_pruned_by_that_of_the_row(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    venues = ("coinbase", "kraken", "elsewhere")
    union = " union all ".join(f"select '{venue}' as venue, * from marts.fct" for venue in venues)
    connection.execute(f"create table marts.of_venues as {union}")
    topics = {"coinbase": "another", "kraken": TOPIC.name, "any_other": "a third"}
    prune_all(connection, STAGING, model("of_venues", driving_topic=topics))
    counts = connection.execute("select venue, count(*) from marts.of_venues group by all order by all")
    assert counts.fetchall() == [("coinbase", 10), ("elsewhere", 10), ("kraken", 6)]


def test_what_a_model_has_not_built_stays(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("insert into ops.model_progress values ('model.tickhouse.fct', 3, 3, null)")
    pruned = prune_all(connection, STAGING, model("fct"))
    assert pruned.skipped is not None
    assert "model.tickhouse.fct" in pruned.skipped
    assert numbers(connection, f"select count(*) from {RAW}") == [40]
    connection.execute("update ops.model_progress set built_through = 4")
    assert prune_all(connection, STAGING, model("fct")).deleted[RAW] == 16


def test_a_clock_that_stepped_back_cuts_no_gap(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("update ops.batches set committed_at = '2024-05-18' where batch_id = 3")
    assert prune_all(connection, STAGING).deleted[RAW] == 8, "batches 1 and 2: 4 lies behind a young one"


def test_the_floor_never_falls(connection: duckdb.DuckDBPyConnection) -> None:
    before = datetime(2024, 5, 15)  # noqa: DTZ001
    connection.execute("insert into ops.retention values (?, ?, 0, now()::timestamp)", [TOPIC.name, before])
    assert prune_all(connection, STAGING).kept_from == before
    assert numbers(connection, "select min(landed_batch_id) from marts.stg") == [7]


def test_children_look_again_where_the_first_of_several_messages_went(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """Offsets 3 and 30 are about the same trade, and 3 goes; 7 and 9 go together."""
    connection.execute("alter table marts.stg add column trade_id integer")
    connection.execute("update marts.stg set trade_id = kafka_offset")
    connection.execute("update marts.stg set trade_id = 3 where kafka_offset = 30")
    connection.execute("update marts.stg set trade_id = 7 where kafka_offset = 9")
    connection.execute(
        "create table ops.vanished_stg (landed_batch_id bigint, trade_id integer, batch_id bigint)"
    )
    traced = ("landed_batch_id", "trade_id")
    prune_all(connection, replace(STAGING, traced=traced, identity=("trade_id",)))
    assert connection.execute("from ops.vanished_stg").fetchall() == [(1, 3, 11)]
    assert connection.execute("select kind, topic from ops.batches where batch_id = 11").fetchall() == [
        ("prune", TOPIC.name)
    ]


def test_notes_of_vanished_rows_go_once_every_model_has_followed(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    connection.execute("create table ops.vanished_fct as select range as batch_id from range(10)")
    for name, built_through in (("stg", 9), ("fct", 7)):
        values = [f"model.tickhouse.{name}", built_through]
        connection.execute("insert into ops.model_progress values (?, ?, 9, null)", values)
    prune_all(connection, STAGING, model("fct"))
    assert numbers(connection, "select batch_id from ops.vanished_fct order by 1") == [8, 9]


def test_windows_of_a_day_never_lie_across_the_floor() -> None:
    time = datetime(2024, 5, 20, 13, 45, tzinfo=UTC).replace(tzinfo=None)
    assert aligned(time, timedelta(days=7)) == datetime(2024, 5, 20)  # noqa: DTZ001
    assert aligned(time, timedelta(hours=6)) == datetime(2024, 5, 20, 13)  # noqa: DTZ001
