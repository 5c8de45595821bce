"""`tickhouse sql`: answers for people and scripts, never writes, and cannot hold up ingestion for long."""

import json
from pathlib import Path

import pytest

from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse
from tests.cli.conftest import Run


@pytest.fixture
def home(tmp_path: Path) -> str:
    DuckDbWarehouse(tmp_path / "warehouse.duckdb").migrate()
    return str(tmp_path)


def test_answers_in_each_format(tickhouse: Run, home: str) -> None:
    asked = "select 1 as one, null as nothing, 'a,b' as text"
    as_json = tickhouse("sql", asked, "--format", "json", TICKHOUSE_HOME=home)
    assert json.loads(as_json.stdout) == [{"one": 1, "nothing": None, "text": "a,b"}]
    as_csv = tickhouse("sql", asked, "--format", "csv", TICKHOUSE_HOME=home)
    assert as_csv.stdout.splitlines() == ["one,nothing,text", '1,,"a,b"']
    as_table = tickhouse("sql", asked, TICKHOUSE_HOME=home)
    assert "a,b" in as_table.stdout


@pytest.mark.parametrize("statement", ["create table t(i int)", "delete from ops.positions", "selec 1"])
def test_what_it_cannot_do_is_an_error(tickhouse: Run, home: str, statement: str) -> None:
    done = tickhouse("sql", statement, TICKHOUSE_HOME=home)
    assert done.exit_code == 1
    assert "Error" in done.stderr
    assert done.stdout == ""


def test_a_long_statement_is_cut_off(tickhouse: Run, home: str) -> None:
    forever = "select count(*) from range(1000000000) as a, range(1000000) as b where a.range <> b.range"
    done = tickhouse("sql", forever, "--time-limit", "0.5", TICKHOUSE_HOME=home)
    assert done.exit_code == 1
    assert "Cut off after" in done.stderr


def test_a_long_answer_is_shortened_only_for_people(tickhouse: Run, home: str) -> None:
    for_people = tickhouse("sql", "from range(1000)", TICKHOUSE_HOME=home)
    assert "The first 200 rows" in for_people.stderr
    for_scripts = tickhouse("sql", "from range(1000)", "--format", "csv", TICKHOUSE_HOME=home)
    assert len(for_scripts.stdout.splitlines()) == 1001


def test_without_a_warehouse_it_says_how_to_start(tickhouse: Run, tmp_path: Path) -> None:
    done = tickhouse("sql", "select 1", TICKHOUSE_HOME=str(tmp_path / "new"))
    assert done.exit_code == 1
    assert "tickhouse up" in done.stderr


@pytest.mark.parametrize(
    "attack",
    [
        "select * from read_text('{file}')",
        "select * from '{file}.csv'",
        "copy (select 1) to '{file}.out'",
        "attach '{file}.db' as other",
        "set enable_external_access = true",
        "set memory_limit = '1TB'",
        "install httpfs",
        "load '{file}'",
        "select 1; set lock_configuration = false",
        "from read_blob('{file}')",
        "from glob('{file}*')",
        "from query('from read_text(''{file}'')')",
        "from query_table('{file}.csv')",
        "from read_duckdb('{file}.db')",
        "from sniff_csv('{file}.csv')",
        "export database '{file}.out'",
        "import database '{file}'",
        "create function stolen() as table from read_text('{file}')",
        "create secret stolen (type s3)",
        "pragma profiling_output = '{file}.out'",
        "call enable_logging(storage_path = '{file}.out')",
        "from 'http://127.0.0.1:1/x.csv'",
        "select getenv('HOME')",
        "set temp_directory = '{file}.out'",
    ],
)
def test_sql_of_others_reaches_no_file_and_no_setting(
    tickhouse: Run, home: str, tmp_path: Path, attack: str
) -> None:
    secret = tmp_path / "secret"
    for file in (secret, tmp_path / "secret.csv"):
        file.write_text("tops3cret\n")
    done = tickhouse("sql", "--safe", attack.format(file=secret), TICKHOUSE_HOME=home)
    assert done.exit_code == 1
    assert "tops3cret" not in done.output
    assert not (tmp_path / "secret.out").exists()
    asked = tickhouse("sql", "--safe", "select count(*) as n from ops.batches", TICKHOUSE_HOME=home)
    assert asked.exit_code == 0


@pytest.mark.parametrize(
    "attack",
    [
        "select list(range) from range(300_000_000)",
        "select length(repeat('x', 4_000_000_000))",
        "select repeat(range::varchar, 500) as x from range(3_000_000) order by hash(x) offset 2_999_999",
    ],
)
def test_sql_of_others_takes_neither_all_memory_nor_the_disk(tickhouse: Run, home: str, attack: str) -> None:
    """Of the last one DuckDB would keep gigabytes in files beside the warehouse."""
    done = tickhouse("sql", "--safe", "--time-limit", "20", attack, TICKHOUSE_HOME=home)
    assert done.exit_code == 1
    assert "Out of Memory" in done.stderr
    assert not list(Path(home).glob("*.tmp"))


def test_two_statements_give_two_answers(tickhouse: Run, home: str) -> None:
    done = tickhouse("sql", "select 41 + 1 as a; select 2.50 as b", "--format", "json", TICKHOUSE_HOME=home)
    assert done.exit_code == 0
    assert '"a": 42' in done.stdout
    assert '"b": 2.5' in done.stdout
