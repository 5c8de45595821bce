"""Every model, and every statement of the materialisations, is SQL that Snowflake knows."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import sqlglot
from sqlglot.errors import SqlglotError

from ingest.core.settings import PROJECT_ROOT
from tests.dbt.trial import PROJECT
from tests.snowflake.known_sql import unknown
from tests.snowflake.refused_sql import refused

ACCOUNT = {f"SNOWFLAKE_{name}": "x" for name in ("ACCOUNT", "USER", "ROLE", "DATABASE", "WAREHOUSE")}


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Parsed once, for all tests."""
    return tmp_path_factory.mktemp("target")


def test_every_model_and_test_compiles(target: Path) -> None:
    options = ["--target", "snowflake", "--no-populate-cache", "--no-introspect", "--quiet"]
    _dbt("dbt.cli.main", "compile", *options, *_where(target))
    compiled = sorted((target / "compiled").rglob("*.sql"))
    models = {path.stem for path in PROJECT.joinpath("models").rglob("*.sql")}
    assert {path.stem for path in compiled} >= models
    assert {path.stem: _not_for_snowflake(path.read_text()) for path in compiled} == {
        path.stem: [] for path in compiled
    }


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["first", "again"])
def test_every_statement_of_a_run_is_for_snowflake(moment: str, target: Path) -> None:
    statements = _sent(target, moment)
    assert sum("insert into" in statement for statement in statements) > 10
    assert [found for sql in statements if (found := _not_for_snowflake(sql))] == []


@pytest.mark.slow
def test_tables_and_views_are_defined_with_their_comments_and_other_words_replace_them(target: Path) -> None:
    models = ("--select", "fct_quotes", "fct_recent_trades")
    first = _lines(_sent(target, "first", "-", *models))
    table = next(sql for sql in first if "table x.marts.fct_quotes (" in sql)
    assert "update_id bigint comment 'The venue''s" in table
    assert table.endswith("Of several messages with the same id the first in the log stands.'")
    view = next(sql for sql in first if sql.startswith("create or replace view x.marts.fct_recent_trades"))
    assert "comment = 'One row per trade" in view
    assert [sql for sql in first if sql.startswith("comment on")] == []
    again = _lines(_sent(target, "again", "-", *models))
    assert [sql.partition(" is ")[0] for sql in again if sql.startswith("comment on")][:3] == [
        "comment on table x.marts.fct_quotes",
        "comment on column x.marts.fct_quotes.venue",
        "comment on column x.marts.fct_quotes.symbol",
    ]


@pytest.mark.slow
def test_a_rebuild_keeps_grants_and_is_not_seen_empty(target: Path) -> None:
    sent = _lines(_sent(target, "again", "-", "--full-refresh", "--select", "fct_trades"))
    defined = [sql for sql in sent if re.match(r"create or replace (transient )?table", sql)]
    assert defined == []
    begun = sent.index("begin")
    assert begun < sent.index("delete from x.marts.fct_trades") < sent.index("commit")


@pytest.mark.slow
def test_the_transaction_of_a_build_that_failed_is_ended_before_the_next_build(target: Path) -> None:
    """A view's definition would commit it: rows deleted, and not written again."""
    models = ("--threads", "1", "--select", "fct_quotes", "fct_recent_trades")
    sent = _lines(_sent(target, "again", "insert into x.marts.fct_quotes", *models))
    failed = next(n for n, sql in enumerate(sent) if sql.startswith("insert into x.marts.fct_quotes"))
    assert sent[failed + 1] == "rollback"
    assert any(sql.startswith("create or replace view") for sql in sent[failed:])


def test_every_dispatched_macro_has_a_body_for_each_engine() -> None:
    macros = "\n".join(path.read_text() for path in PROJECT.joinpath("macros").rglob("*.sql"))
    dispatched = set(re.findall(r'adapter\.dispatch\("(\w+)"\)', macros))
    bodies = set(re.findall(r"macro (\w+?__\w+)\(", macros))
    assert {f"{engine}__{name}" for engine in ("duckdb", "snowflake") for name in dispatched} <= bodies
    assert not [body for body in bodies if body.startswith("default__")]


@pytest.mark.parametrize(
    "sql",
    [
        "select make_timestamp(1)",
        "select list_filter(x, lambda y: y > 1) from t",
        "select unnest(x) from t",
        "select epoch_us(x) from t",
        "select from_json(x, 'y') from t",
        "with a as materialized (select 1) select * from a",
        "select (",
        "insert into t (a) values ((select max(b) from u))",
        "insert into t select * from (values (parse_json('1')))",
        "select (select u.x from u where u.k = t.k) from t",
        "select (select max(u.x) from u where u.k = t.k group by u.z) from t",
        "select * from t where exists (select 1 from u where u.k = t.k limit 1)",
        "update t set a = (select u.x from u where u.k = t.k)",
        "select max_by(a, b) over (order by c) from t",
        "select median(a) over (order by c) from t",
        "select lag(a) over (order by c rows between 1 preceding and current row) from t",
        "select row_number() over (partition by a) from t",
        "select sum(a) over (order by c, d range between 3 preceding and current row) from t",
        "select count(distinct a) over (order by c) from t",
        "select a from t qualify a > 1",
        "with recursive r as (select 1 as n union all select max(n) + 1 from r) select * from r",
        "select greatest(0, a) from t",
    ],
)
def test_what_snowflake_does_not_take_is_refused(sql: str) -> None:
    assert _not_for_snowflake(sql)


def _not_for_snowflake(sql: str) -> list[str]:
    """What in it Snowflake would not take."""
    try:
        statements = sqlglot.parse(sql, dialect="snowflake")
    except SqlglotError as error:
        return [str(error)]
    return unknown(sql, statements) + [said for tree in statements if tree for said in refused(tree)]


def _sent(target: Path, *how: str) -> list[str]:
    """Every statement of a run, in the order in which they were sent."""
    answer = _dbt("tests.dbt.snowflake_recorder", str(PROJECT), str(target), *how)
    return json.loads(answer.splitlines()[-1])  # a build that fails is told before


def _lines(statements: list[str]) -> list[str]:
    return [" ".join(sql.split()) for sql in statements]


def _where(target: Path) -> list[str]:
    return ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--target-path", str(target)]


def _dbt(module: str, *arguments: str) -> str:
    """In a process of its own: Snowflake's connector warns when it is imported."""
    command = [sys.executable, "-W", "ignore", "-m", module, *arguments]
    environment = {**os.environ, **ACCOUNT, "DO_NOT_TRACK": "1", "PYTHONPATH": str(PROJECT_ROOT)}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, cwd=PROJECT_ROOT, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
