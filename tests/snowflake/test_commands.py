"""The commands that ask: on Snowflake they give what they give on DuckDB."""

import json
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from ingest.cli import app
from ingest.core.settings import Settings
from ingest.operations.landed import read_landed
from ingest.services import ports
from ingest.warehouse import models, rebuild
from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse
from ingest.warehouse.protocol import Warehouse
from ingest.warehouse.snowflake.warehouse import SnowflakeWarehouse
from snowflake.connector import SnowflakeConnection
from snowflake.connector.cursor import SnowflakeCursor
from snowflake.connector.errors import ProgrammingError
from tests.warehouse.batches import RAW, TOPIC, batch, landing
from tests.warehouse.modelled import model

Run = Callable[..., Result]
SESSION_BEGAN = "2026-01-02 00:00:00"


@pytest.fixture
def tickhouse(account: Settings, monkeypatch: pytest.MonkeyPatch) -> Run:
    nobody = f"127.0.0.1:{ports.free_port()}"
    settings = account.model_copy(update={"kafka_bootstrap_servers": nobody})
    monkeypatch.setattr("ingest.core.settings.load_settings", lambda: settings)
    return lambda *arguments: CliRunner().invoke(app, arguments)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement as the account gets it, its values in place."""
    statements: list[str] = []
    send = SnowflakeConnection.cmd_query

    def noted(self: SnowflakeConnection, sql: str, *others: Any, **options: Any) -> Any:
        statements.append(" ".join(sql.split()))
        return send(self, sql, *others, **options)

    monkeypatch.setattr(SnowflakeConnection, "cmd_query", noted)
    return statements


def test_sql_answers_in_each_format(tickhouse: Run) -> None:
    asked = "\n-- a remark\n(select 1 as one, null as nothing, 'a,b' as text)"
    as_json = tickhouse("sql", asked, "--format", "json")
    assert json.loads(as_json.stdout) == [{"one": 1, "nothing": None, "text": "a,b"}]
    assert tickhouse("sql", asked, "--format", "csv").stdout.splitlines() == ["one,nothing,text", '1,,"a,b"']
    broken = tickhouse("sql", "select * from marts.not_there")
    assert (broken.exit_code, broken.stdout) == (1, "")
    assert "NOT_THERE" in broken.stderr


@pytest.mark.parametrize(
    "statement",
    ["delete from ops.positions", "/* select */ insert into t values (1)", "begin", " --\ncall x()"],
)
def test_sql_sends_nothing_that_begins_otherwise(tickhouse: Run, sent: list[str], statement: str) -> None:
    done = tickhouse("sql", statement)
    assert done.exit_code == 1
    assert "Reading only" in done.stderr
    assert sent == []


def test_sql_without_a_statement_sends_nothing(tickhouse: Run, sent: list[str]) -> None:
    done = tickhouse("sql", " ")
    assert done.exit_code == 1
    assert "no statement to run" in done.stderr
    assert sent == []


def test_sql_says_how_to_wait_longer(tickhouse: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def canceled(_cursor: SnowflakeCursor, _sql: str, _values: object, timeout: int) -> None:
        raise ProgrammingError(f"canceled after {timeout}", errno=604)

    monkeypatch.setattr(SnowflakeCursor, "execute", canceled)
    done = tickhouse("sql", "select 1", "--time-limit", "7")
    assert done.exit_code == 1
    assert "Cut off after 7 s: set --time-limit" in done.stderr


def test_status_knows_what_it_knows_on_duckdb(tickhouse: Run, account: Settings, settings: Settings) -> None:
    there, here = SnowflakeWarehouse(account), DuckDbWarehouse(settings.warehouse_path)
    for warehouse in (there, here):
        land(warehouse)
    rejected = "marts.fct_rejected_records as select 'binance.trades' as kafka_topic"
    with here.file.writing() as connection:
        connection.execute(f"create schema marts; create table {rejected}")
    with there.cursor() as cursor:
        cursor.execute("create schema marts")
        cursor.execute(f"create table {rejected}")
    found = read_landed(there)
    there.close()
    assert found == read_landed(here)
    known = found[TOPIC.name]
    assert (known.positions.next_offsets, known.rejected, known.lost) == ({0: 9, 1: 2}, 1, 1)

    done = tickhouse("status", "--format", "json")
    assert done.exit_code == 1
    [row] = [row for row in json.loads(done.stdout)["topics"] if row["topic"] == TOPIC.name]
    assert (row["landed"], row["state"]) == (11, "broker away")
    assert "warehouse: in Snowflake" in tickhouse("status").stderr


def land(warehouse: Warehouse) -> None:
    warehouse.migrate()
    warehouse.land(batch(landing(0, 5, None), landing(0, 2, None, partition=1)), "run")
    warehouse.land(batch(landing(6, 9, 5)), "run")


ROWS = """select side, price, 1 as quantity, 7 as sequence, {at} as event_at
          from (select 'bid' as side, 100 as price union all select 'bid', 50 union all select 'ask', 101)
          where of_venue = 'binance' and of_symbol = 'BTC''X'"""
MARTS = (
    "create schema marts",
    f"""create table marts.fct_vwap_session as select 'binance' as venue, 'BTC''X' as symbol,
            '{SESSION_BEGAN}'::timestamp_ntz as session_start_at""",
    "create schema intermediate",
    """create table intermediate.int_book_messages_sequenced as
       select 'binance' as venue, 'BTC''X' as symbol""",
    """create function marts.vwap_anchored(of_venue varchar, of_symbol varchar, since_at timestamp)
        returns table (symbol varchar, since timestamp) as 'select of_symbol as symbol, since_at as since'""",
    *(
        f"""create function marts.{name}(of_venue varchar, of_symbol varchar, as_of {kind})
            returns table (side varchar, price number(38, 10), quantity number(38, 10), sequence bigint,
                           event_at timestamp) as '{ROWS.format(at=at).replace("'", "''")}'"""
        for name, kind, at in (
            ("book_at", "timestamp", "as_of"),
            ("book_at_sequence", "bigint", "dateadd(second, as_of, '2026-01-01'::timestamp)"),
        )
    ),
)


def test_vwap_and_book_call_the_functions_of_the_marts(tickhouse: Run, account: Settings) -> None:
    """With functions that tell what they were asked, in the place of those that dbt makes."""
    session = SnowflakeWarehouse(account)
    with session.cursor() as cursor:
        for statement in MARTS:
            cursor.execute(statement)
    session.close()

    def told(*arguments: str) -> list[list[str]]:
        done = tickhouse(*arguments, "--format", "json")
        assert done.exit_code == 0, done.stderr
        return [[str(value) for value in row.values()] for row in json.loads(done.stdout)]

    assert told("vwap", "BTC'X") == [["BTC'X", SESSION_BEGAN]]
    assert told("vwap", "btc'x", "--since", "2026-01-01") == [["BTC'X", "2026-01-01 00:00:00"]]
    asked = told("book", "BTC'X", "--at", "2026-01-01T12:30:00", "--levels", "1")
    assert [row[0] for row in asked] == ["ask", "bid"]
    assert {row[4] for row in asked} == {"2026-01-01 12:30:00"}
    assert [float(row[1]) for row in told("book", "BTC'X")] == [101, 100, 50]
    assert {row[4] for row in told("book", "BTC'X", "--sequence", "9")} == {"2026-01-01 00:00:09"}
    refused = tickhouse("book", "BTC'X", "--venue", "kraken")
    assert refused.exit_code == 2
    assert "BTC'X (binance)" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], (1, 2)),
        (["--batches", "2"], (2, 2)),
        (["--from", "2023-11-14T22:13:20.006", "--to", "2023-11-14T22:13:20.007"], (2, 2)),
        (["--from", "2030-01-01", "--to", "2031-01-01"], None),
    ],
)
def test_replay_is_a_batch_that_names_others(
    tickhouse: Run, landed: SnowflakeWarehouse, arguments: list[str], expected: tuple[int, int] | None
) -> None:
    done = tickhouse("replay", "--topic", TOPIC.name, *arguments)
    with landed.cursor() as cursor:
        cursor.execute(
            """select batch_id, replay_first_batch_id, replay_last_batch_id
               from ops.batches where kind = 'replay'"""
        )
        assert cursor.fetchall() == ([(3, *expected)] if expected else [])
    assert done.exit_code == (0 if expected else 1)
    assert ("as batch 3" in done.stdout) if expected else ("nothing to replay" in done.stderr)


def test_prune_is_one_transaction(
    tickhouse: Run, landed: SnowflakeWarehouse, sent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a statement that would end it before its time, as every `create` does in Snowflake."""
    monkeypatch.setattr(models, "read_models", list)
    with landed.cursor() as cursor:
        cursor.execute("update ops.batches set committed_at = '2026-01-01' where batch_id = 1")
    looked = tickhouse("prune", "--dry-run", "--format", "json")
    assert [row["rows"] for row in json.loads(looked.stdout)] == [7]
    sent.clear()
    done = tickhouse("prune")
    assert (done.exit_code, done.stderr) == (0, "")
    words = [statement.split()[0] for statement in sent]
    assert set(words[words.index("begin") + 1 : words.index("commit")]) == {
        "select",
        "insert",
        "update",
        "delete",
    }
    with landed.cursor() as cursor:
        cursor.execute(f"select count(*) from {RAW}")
        assert cursor.fetchall() == [(3,)]


@pytest.fixture
def landed(account: Settings) -> Iterator[SnowflakeWarehouse]:
    warehouse = SnowflakeWarehouse(account)
    land(warehouse)
    yield warehouse
    warehouse.close()


def test_build_runs_dbt_on_snowflake(tickhouse: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[tuple[list[str], dict[str, str]]] = []

    def run(command: list[str], env: dict[str, str], **_: Any) -> subprocess.CompletedProcess[str]:
        ran.append((command, env))
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(subprocess, "run", run)
    assert tickhouse("build", "--full-refresh", "--select", "fct_trades").exit_code == 0
    [(command, env)] = ran
    assert command[-3:] == ["--full-refresh", "--select", "fct_trades"]
    assert env["WAREHOUSE"] == "snowflake"


def test_a_rebuild_is_refused_where_rows_would_be_lost(
    tickhouse: Run, landed: SnowflakeWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuild, "read_models", lambda: [model("fct")])
    with landed.cursor() as cursor:
        cursor.execute("create schema marts")
        cursor.execute("create table marts.fct as select '2024-05-12'::timestamp as event_at")
        cursor.execute(f"insert into ops.retention select '{TOPIC.name}', '2024-05-13', 9, sysdate()")
    refused = tickhouse("build", "--full-refresh")
    assert refused.exit_code == 1
    assert "marts.fct: 1 rows from before 2024-05-13" in refused.stderr
