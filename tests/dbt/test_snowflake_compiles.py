"""Every model, and every statement of the materialisations, is SQL that Snowflake knows."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from ingest.core.settings import PROJECT_ROOT
from tests.dbt.trial import PROJECT

# What the project may call there. A name is added once Snowflake's reference has it.
# fmt: off
FUNCTIONS = frozenset((
    "abs", "array_agg", "array_construct", "array_flatten", "array_generate_range", "array_max",
    "array_size", "array_slice", "array_to_string", "as_array", "as_object", "bitand", "bitshiftright",
    "bitxor", "cast", "coalesce", "count", "dateadd", "datediff", "filter", "first_value", "flatten",
    "floor", "get", "greatest", "lag", "lead", "least", "left", "length", "listagg", "ln", "lower",
    "lpad", "max", "max_by", "median", "min", "min_by", "mod", "nullif", "object_construct",
    "object_keys", "parse_json", "percentile_cont", "power", "rank", "reduce", "regexp_like",
    "regexp_replace", "regexp_substr_all", "round", "row_number", "rtrim", "sqrt", "sum", "sysdate",
    "time_slice", "timestampdiff", "to_char", "to_date", "to_json", "to_timestamp_ntz", "transform", "trunc",
    "try_cast", "try_parse_json", "try_to_timestamp_ntz", "typeof", "upper",
))
# fmt: on
# What looks like a call and is none.
# fmt: off
KEYWORDS = frozenset((
    "affected", "and", "as", "by", "decimal", "else", "exclude", "exists", "from", "group", "having", "in",
    "input", "insert", "into", "join", "match_condition", "not", "number", "on", "or", "over", "select",
    "table", "then", "union", "using", "values", "varchar", "when", "where", "with", "within",
))
# fmt: on
DUCKDB_ONLY = re.compile(r"\blambda\b|\bas materialized\b|\bsemi join\b|\banti join\b|\bpositional join\b")
ACCOUNT = {f"SNOWFLAKE_{name}": "x" for name in ("ACCOUNT", "USER", "ROLE", "DATABASE", "WAREHOUSE")}


def test_every_model_and_test_compiles(tmp_path: Path) -> None:
    options = ["--target", "snowflake", "--no-populate-cache", "--no-introspect", "--quiet"]
    _dbt("dbt.cli.main", "compile", *options, *_where(tmp_path))
    compiled = sorted((tmp_path / "compiled").rglob("*.sql"))
    models = {path.stem for path in PROJECT.joinpath("models").rglob("*.sql")}
    assert {path.stem for path in compiled} >= models
    assert {path.stem: _unknown_to_snowflake(path.read_text()) for path in compiled} == {
        path.stem: [] for path in compiled
    }


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["first", "again"])
def test_every_statement_of_a_run_is_for_snowflake(moment: str, tmp_path: Path) -> None:
    answer = _dbt("tests.dbt.snowflake_recorder", str(PROJECT), str(tmp_path), moment)
    statements: list[str] = json.loads(answer)
    assert sum("insert into" in statement for statement in statements) > 10
    assert [found for sql in statements if (found := _unknown_to_snowflake(sql))] == []


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
    ],
)
def test_what_only_duckdb_knows_is_refused(sql: str) -> None:
    assert _unknown_to_snowflake(sql)


def _unknown_to_snowflake(sql: str) -> list[str]:
    """What in it Snowflake would not take."""
    try:
        statements = sqlglot.parse(sql, dialect="snowflake")
    except SqlglotError as error:
        return [str(error)]
    bare = re.sub(r"'[^']*'|/\*.*?\*/|--[^\n]*", "", sql, flags=re.DOTALL).lower()
    called = set(re.findall(r"([a-z_][a-z0-9_]*)\s*\(", bare))
    named = {
        table.alias_or_name for tree in statements if tree for table in tree.find_all(exp.CTE, exp.Table)
    }
    return sorted(called - FUNCTIONS - KEYWORDS - named) + DUCKDB_ONLY.findall(bare)


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
