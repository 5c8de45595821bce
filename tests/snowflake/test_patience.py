"""How long Snowflake is waited for, and what becomes of who is killed or stopped within a transaction."""

import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ingest.core.errors import WarehouseUnavailable
from ingest.core.settings import Settings
from ingest.warehouse.snowflake import lease, left_alone
from ingest.warehouse.snowflake import warehouse as module
from ingest.warehouse.snowflake.patience import NETWORK_SECONDS, PatientCursor
from ingest.warehouse.snowflake.session import SESSION_PARAMETERS, explained, open_session, session_options
from ingest.warehouse.snowflake.warehouse import SnowflakeWarehouse
from snowflake.connector.cursor import SnowflakeCursor
from snowflake.connector.errors import ProgrammingError
from tests.snowflake.stand_in import on_stand_in, stand_in
from tests.warehouse.batches import batch, landing


@pytest.fixture
def warehouse(account: Settings) -> Iterator[SnowflakeWarehouse]:
    opened = SnowflakeWarehouse(account)
    opened.migrate()
    yield opened
    opened.close()


def test_each_statement_has_a_bound_of_its_own(
    warehouse: SnowflakeWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connector cancels a statement by `network_timeout` where it has none."""
    bounds: dict[str, int] = {}

    def execute(_: SnowflakeCursor, sql: str, *__: Any, timeout: int = NETWORK_SECONDS, **___: Any) -> None:
        bounds[sql.split()[0]] = timeout

    monkeypatch.setattr(SnowflakeCursor, "execute", execute)
    with warehouse.cursor() as cursor:
        for sql in ("begin", "COPY into t", "delete from t", "update t set x = 1", "select 1"):
            cursor.execute(sql)
        cursor.execute("with x as (select 1) select * from x", timeout=7)
    assert bounds["begin"] <= NETWORK_SECONDS
    assert min(bounds[word] for word in ("COPY", "delete")) >= 3600
    assert bounds["update"] > SESSION_PARAMETERS["LOCK_TIMEOUT"]
    assert bounds["with"] == 7
    assert max(bounds.values()) <= SESSION_PARAMETERS["STATEMENT_TIMEOUT_IN_SECONDS"]


def test_all_that_our_statements_rely_on_is_set_for_the_session(account: Settings) -> None:
    told = session_options(account)
    assert told["autocommit"] is True
    assert {"TIMEZONE", "TIMESTAMP_TYPE_MAPPING", "LOCK_TIMEOUT", "ABORT_DETACHED_QUERY", "QUERY_TAG"} <= set(
        told["session_parameters"]
    )


@pytest.mark.parametrize("errno", [604, 630])
def test_a_statement_that_was_cut_off_can_be_tried_again(errno: int) -> None:
    told = explained(ProgrammingError("SQL execution canceled", errno=errno))
    assert told.can_retry
    assert "rerun goes on" in str(told)


def test_a_landing_that_was_killed_is_waited_for_and_its_successor_goes_on_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(SESSION_PARAMETERS, "LOCK_TIMEOUT", 1)
    with stand_in(tmp_path / "server.log", detached_seconds=2) as port:
        settings = on_stand_in(port, "killed", tickhouse_home=tmp_path)
        with open_session(settings) as session, session.cursor() as cursor:
            cursor.execute("create database if not exists killed")
        successor = SnowflakeWarehouse(settings)
        successor.migrate()
        _kill_within_a_landing(port)
        with caplog.at_level(logging.WARNING):
            landed = successor.land(batch(landing(0, 5, None)), "successor")
        with successor.cursor() as cursor:
            cursor.execute("select count(*), max(batch_id) from ops.batches")
            assert [tuple(row) for row in cursor.fetchall()] == [(1, landed.batch_id)]
        successor.close()
    assert "this run waits, and goes on then" in caplog.text


def _kill_within_a_landing(port: int) -> None:
    command = [sys.executable, "-W", "ignore", "-m", "tests.snowflake.killed_landing", str(port), "killed"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as victim:
        assert victim.stdout is not None
        assert victim.stdout.readline() == "within the transaction\n"
        victim.kill()


def test_who_was_stopped_within_a_landing_and_returns_sends_nothing_more(
    warehouse: SnowflakeWarehouse, account: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its transaction is gone: the rows would land without their position, and then once more."""
    other = SnowflakeWarehouse(account)
    copy_rows = module._copy_rows

    def after_a_while(cursor: PatientCursor, *others: Any) -> None:
        SnowflakeCursor.execute(cursor, "rollback")  # as an account does with whom it no longer hears
        monkeypatch.setattr(module, "_copy_rows", copy_rows)
        other.land(batch(landing(0, 5, None)), "other")
        monkeypatch.setattr(left_alone, "ALONE_SECONDS", -1.0)
        copy_rows(cursor, *others)

    monkeypatch.setattr(module, "_copy_rows", after_a_while)
    with pytest.raises(WarehouseUnavailable, match="was stopped"):
        warehouse.land(batch(landing(0, 5, None)), "stopped")
    with other.cursor() as cursor:
        cursor.execute("select count(*), count(distinct kafka_offset) from raw.binance_trades")
        assert [tuple(row) for row in cursor.fetchall()] == [(5, 5)]
    other.close()


def test_an_update_that_waited_sees_what_was_committed_meanwhile(
    warehouse: SnowflakeWarehouse, account: Settings
) -> None:
    """The turn, and the number of a batch, stand on it: of two that swap at once, one finds it swapped."""
    second = SnowflakeWarehouse(account)
    swapped: list[bool] = []

    def swap() -> None:
        with second.cursor() as cursor:
            swapped.append(lease._swap(cursor, lease.BUILDING, lease.FREE, "second"))

    with warehouse.cursor() as cursor:
        cursor.execute("begin")
        assert lease._swap(cursor, lease.BUILDING, lease.FREE, "first")
        waiting = threading.Thread(target=swap)
        waiting.start()
        cursor.execute("commit")
    waiting.join()
    assert swapped == [False]
    assert second.lease_holder(lease.BUILDING) == "first"
    second.close()
