"""A warehouse in Snowflake that an earlier version made goes on as today's.

tests/fixtures/warehouse-0.1.0.snowflake.sql.gz is what commit 9428865 left in the stand-in, table by table:
the same 118 messages as in the DuckDB file beside it, landed and built in two halves. Whoever adds a
migration adds a file of the version before it.
"""

import gzip
from collections.abc import Iterable, Iterator

import pytest

from ingest.core.errors import NeedsAttention
from ingest.core.settings import PROJECT_ROOT, Settings
from ingest.warehouse.snowflake.migrate import apply_migrations, migrations, schema_version
from ingest.warehouse.snowflake.warehouse import SnowflakeWarehouse
from orchestration.dbt.warm import WarmDbt
from snowflake.connector.cursor import SnowflakeCursor
from tests.snowflake.conftest import InEnvironment
from tests.warehouse.batches import batch, landing

FIXTURE = PROJECT_ROOT / "tests" / "fixtures" / "warehouse-0.1.0.snowflake.sql.gz"
STATEMENTS = gzip.decompress(FIXTURE.read_bytes()).decode().split(";\n")
TOPIC, LANDED = "binance.trades", 118
NEWEST = migrations()[-1][0]


@pytest.fixture
def old(account: Settings) -> Iterator[SnowflakeWarehouse]:
    """Its tables, and what `ops` knows."""
    warehouse = SnowflakeWarehouse(account)
    _send(warehouse, [each for each in STATEMENTS if each.startswith(("create", "insert into ops"))])
    yield warehouse
    warehouse.close()


@pytest.fixture
def old_with_rows(old: SnowflakeWarehouse) -> SnowflakeWarehouse:
    _send(old, [each for each in STATEMENTS if each.startswith(("insert into raw", "insert into marts"))])
    return old


def _send(warehouse: SnowflakeWarehouse, statements: Iterable[str]) -> None:
    with warehouse.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def asked(warehouse: SnowflakeWarehouse, question: str) -> list[tuple]:
    return list(warehouse.ask(question).rows)


def test_landing_and_building_go_on(
    old_with_rows: SnowflakeWarehouse, account: Settings, environment: InEnvironment
) -> None:
    warehouse = old_with_rows
    candles = "select symbol, window_start_at, trade_count, volume from marts.fct_candles_1m order by 1, 2"
    before = asked(warehouse, candles)
    warehouse.migrate()
    assert warehouse.positions()[TOPIC].next_offsets == {0: LANDED}
    followed = asked(warehouse, "select count(*) from ops.generations")
    assert followed == asked(warehouse, "select count(*) from ops.model_progress") != [(0,)]
    warehouse.land(batch(landing(LANDED, LANDED + 5, LANDED), topic_id=None), None)
    assert warehouse.positions()[TOPIC].next_offsets == {0: LANDED + 5}
    assert asked(warehouse, "select count(*) from raw.binance_trades") == [(LANDED + 5,)]
    with environment(account):
        results = WarmDbt().invoke("run", "--select", "+fct_candles_1m").results
    assert {each.status for each in results} == {"success"}
    assert asked(warehouse, candles) == before != []


def test_migrating_that_was_cut_off_goes_on(old: SnowflakeWarehouse) -> None:
    """Wherever it was: at each statement in turn."""
    survived = 0
    for survived in range(100):
        with old.cursor() as cursor:
            try:
                apply_migrations(_CutOff(cursor, survived))  # type: ignore[arg-type]
            except ConnectionError:
                continue
            break
    assert survived > len(migrations())
    with old.cursor() as cursor:
        assert schema_version(cursor) == NEWEST
    for table, rows in (("ops.newest_batch", 1), ("ops.lease", 2), ("ops.schema_versions", NEWEST)):
        assert asked(old, f"select count(*) from {table}") == [(rows,)]


def test_todays_warehouse_is_asked_two_questions_and_left_alone(old: SnowflakeWarehouse) -> None:
    old.migrate()
    with old.cursor() as cursor:
        counted = _CutOff(cursor, 2)
        assert apply_migrations(counted) == set()  # type: ignore[arg-type]


def test_a_newer_version_is_refused(old: SnowflakeWarehouse) -> None:
    old.migrate()
    with old.cursor() as cursor:
        cursor.execute(f"insert into ops.schema_versions select {NEWEST + 1}, sysdate()")
    with pytest.raises(NeedsAttention, match="a newer Tickhouse wrote it"):
        old.migrate()


class _CutOff:
    """A cursor whose network goes after so many statements."""

    def __init__(self, cursor: SnowflakeCursor, survived: int) -> None:
        self._cursor = cursor
        self._left = survived

    def execute(self, statement: str) -> None:
        if not self._left:
            raise ConnectionError
        self._left -= 1
        self._cursor.execute(statement)

    def fetchall(self) -> list:
        return self._cursor.fetchall()
