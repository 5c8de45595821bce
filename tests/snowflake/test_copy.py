"""Moving house: DuckDB's history arrives in Snowflake byte for byte or not at all, and the drain goes on."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest
from typer.testing import CliRunner

from ingest.cli import app
from ingest.core.errors import NeedsAttention, WarehouseUnavailable
from ingest.core.settings import Settings
from ingest.core.topics import TOPICS, Topic
from ingest.drain.drain import Drain
from ingest.kafka.open import open_log
from ingest.operations.copy import move_in as moving
from ingest.operations.copy.digest import DUCKDB, digest_query
from ingest.operations.copy.move_in import HISTORY, PATIENCE_SECONDS, move_in
from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse
from ingest.warehouse.protocol import Warehouse
from ingest.warehouse.snowflake.warehouse import SnowflakeWarehouse
from snowflake.connector.cursor import SnowflakeCursor
from tests.conftest import TopicFactory
from tests.snowflake.test_drain_to_snowflake import cut_before
from tests.support.ledger import Ledger
from tests.support.other_side import Sent, numbered
from tests.warehouse.batches import RAW, batch, landing

ODD = [
    Sent(b"\xff\x00", b"\xfe", (("venue", b"\xff"), ("twice", b"1"), ("twice", None), ("", b""))),
    Sent(None, b"k"),
    Sent(b"", b"", timestamp_ms=1),
    Sent(
        '{"a": "ü\t\\u0001|\'"}'.encode(), None, (("received_at", b"1700000000123456789"), ("ü", b'"\n\x01'))
    ),
]


@pytest.fixture
def here(settings: Settings) -> DuckDbWarehouse:
    warehouse = DuckDbWarehouse(settings.warehouse_path)
    warehouse.migrate()
    return warehouse


@pytest.fixture
def there(account: Settings) -> Iterator[SnowflakeWarehouse]:
    warehouse = SnowflakeWarehouse(account)
    warehouse.migrate()
    yield warehouse
    warehouse.close()


def drain(settings: Settings, warehouse: Warehouse, topic: Topic) -> None:
    with Drain(lambda: open_log(settings), warehouse, [topic]) as running:
        list(running.run_once())


def asked(warehouse: SnowflakeWarehouse, sql: str) -> list[tuple]:
    with warehouse.cursor() as cursor:
        cursor.execute(sql)
        return [tuple(row) for row in cursor.fetchall()]


def test_a_drain_goes_on_where_the_one_before_the_copy_ended(
    settings: Settings,
    here: DuckDbWarehouse,
    there: SnowflakeWarehouse,
    topic_factory: TopicFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    topic = replace(topic_factory(partitions=2), raw_table=TOPICS[0].raw_table)
    monkeypatch.setattr(moving, "ROWS_AT_A_TIME", 10)
    monkeypatch.setattr(moving, "PART_BYTES", 1_000)
    ledger = Ledger(settings)
    ledger.publish(topic.name, [*numbered(45), *ODD], 0)
    ledger.publish(topic.name, numbered(7), 1)
    drain(settings, here, topic)
    before = here.positions()

    moved = move_in(here, there)
    assert moved[f"raw.{topic.raw_table}"] == len(ledger.published)
    assert there.positions() == before

    ledger.publish(topic.name, [*numbered(3), *ODD], 0)
    drain(settings, there, topic)
    rows = asked(
        there,
        f"""select kafka_partition, kafka_offset, payload, payload_bytes, batch_id
            from raw.{topic.raw_table} order by batch_id""",
    )
    found = {row[:2]: row[3] and bytes(row[3]) if row[2] is None else row[2].encode() for row in rows}
    assert len(found) == len(rows)
    assert found == {(at.partition, at.offset): value for at, value in ledger.published.items()}
    assert [row[4] for row in rows] == [1] * 56 + [2] * 7


def test_history_is_copied_and_what_was_built_is_not(
    here: DuckDbWarehouse, there: SnowflakeWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(here)
    patience = []
    execute = SnowflakeCursor.execute

    def noted(self: SnowflakeCursor, sql: str, *others: Any, **options: Any) -> Any:
        if sql.startswith(("copy into", "select 'raw.")):
            patience.append(options["timeout"])
        return execute(self, sql, *others, **options)

    with monkeypatch.context() as patch:
        patch.setattr(SnowflakeCursor, "execute", noted)
        move_in(here, there)
    assert set(patience) == {PATIENCE_SECONDS}
    with here.file.reading() as connection:
        for table in HISTORY:
            lies_here = connection.execute(f"select * from {table}").fetchall()
            assert lies_here, table
            assert sorted(map(str, asked(there, f"select * from {table}"))) == sorted(map(str, lies_here))
    assert asked(there, "select count(*) from ops.model_progress") == [(0,)]
    assert asked(there, "select batch_id from ops.newest_batch") == [(2,)]
    landed = there.land(batch(landing(9, 10, 9)), "run-2")
    assert landed.batch_id == 3


def fill(here: DuckDbWarehouse) -> None:
    """Two batches, and something in each table."""
    here.land(batch(landing(0, 5, None)), "run-1")
    here.land(batch(landing(6, 9, 5)), "run-1")
    with here.file.writing() as connection:
        connection.execute("""
            insert into ops.retention values ('t', '2026-01-01', 1, '2026-01-02 00:00:00.000001');
            insert into ops.short_lived values ('m', 't', 1);
            insert into ops.model_progress values ('m', 2, 2, now()::timestamp);
            insert into ops.told_alerts values ('v', 's', '2026-01-01', 'z_score', '2026-01-01', null);
            insert into ops.kept_books values
                ('t', 'v', 's', 1, 'bid', 0.0000000001, 12345678901234.5, null, null, '2026-01-01',
                 '2026-01-01', '2026-01-01', 1, 0, 7, 1, 2)
        """)


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (lambda rows: rows.slice(1), "7 rows are in Snowflake, 8 in DuckDB"),
        (lambda rows: changed(rows, "payload", '{"n":O}'), "not what they are"),
    ],
)
def test_found_a_row_that_is_lost_or_changed_on_the_way(
    here: DuckDbWarehouse,
    there: SnowflakeWarehouse,
    monkeypatch: pytest.MonkeyPatch,
    spoil: Callable[[pa.Table], pa.Table],
    found: str,
) -> None:
    fill(here)
    plain = moving.plain
    with monkeypatch.context() as patch:
        patch.setattr(moving, "plain", lambda rows: spoilt(plain(rows), spoil))
        with pytest.raises(NeedsAttention, match=f"{RAW}: .*{found}"):
            move_in(here, there)
    assert asked(there, f"select count(*) from {RAW}") == [(0,)]
    assert there.positions() == {}


def spoilt(rows: pa.Table, spoil: Callable[[pa.Table], pa.Table]) -> pa.Table:
    return spoil(rows) if "payload" in rows.column_names else rows


def changed(rows: pa.Table, column: str, value: object) -> pa.Table:
    """The first row has another value in this column."""
    values = [value, *rows.column(column).to_pylist()[1:]]
    at = rows.column_names.index(column)
    return rows.set_column(at, column, pa.array(values, rows.schema.field(at).type))


def test_a_digest_sees_every_column(here: DuckDbWarehouse) -> None:
    fill(here)
    with here.file.writing() as connection:
        schema = connection.sql(f"from {RAW}").to_arrow_reader().schema
        query = digest_query(DUCKDB, {RAW: schema})
        found = {connection.execute(query).fetchone()}
        for column in schema.names:
            kind = "headers" if column == "headers" else str(schema.field(column).type)
            connection.execute("begin")
            connection.execute(f"update {RAW} set {column} = {OTHER[kind]} where kafka_offset = 3")
            found.add(connection.execute(query).fetchone())
            connection.execute("rollback")
    assert len(found) == 1 + len(schema.names)


OTHER = {
    "string": "'x'",
    "binary": "'x'::blob",
    "int32": "9",
    "int64": "9",
    "timestamp[us]": "timestamp '2026-01-01 00:00:00.000001'",
    "headers": "[{'name': headers[1].name, 'value': null, 'value_bytes': 'x'::blob}, headers[2]]",
}


def test_a_copy_that_broke_off_is_run_again(here: DuckDbWarehouse, there: SnowflakeWarehouse) -> None:
    fill(here)
    for word in ("copy into ops.positions", "commit"):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(SnowflakeCursor, "execute", cut_before(word))
            with pytest.raises(WarehouseUnavailable):
                move_in(here, there)
        assert there.positions() == {}
    move_in(here, there)
    assert asked(there, f"select count(*) from {RAW}") == [(8,)]


def test_two_histories_are_not_made_one(here: DuckDbWarehouse, there: SnowflakeWarehouse) -> None:
    fill(here)
    there.land(batch(landing(0, 2, None)), "run-9")
    with pytest.raises(NeedsAttention, match="landed in Snowflake already"):
        move_in(here, there)
    assert asked(there, f"select count(*) from {RAW}") == [(2,)]


def test_the_command(here: DuckDbWarehouse, account: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(here)
    monkeypatch.setattr("ingest.core.settings.load_settings", lambda: account)
    run = CliRunner()
    refused = run.invoke(app, ["copy", "--from", "snowflake", "--to", "duckdb"])
    assert refused.exit_code == 2
    assert "only --from duckdb --to snowflake" in refused.stderr
    done = run.invoke(app, ["copy", "--from", "duckdb", "--to", "snowflake"])
    assert done.exit_code == 0, done.stderr
    assert f"{RAW}: 8 rows" in done.stdout
