"""`tickhouse book`: a market's order book as it was, at a time or at an update id."""

import json
import shutil
from pathlib import Path

import duckdb
import pytest

from tests.cli.conftest import Run
from tests.dbt.test_book_measures import land_books
from tests.dbt.trial import PROJECT, open_trial, parse_project


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> str:
    directory = tmp_path_factory.mktemp("home")
    project = parse_project(PROJECT, tmp_path_factory.mktemp("target"))
    with open_trial(project, directory) as trial:
        land_books(trial)
        trial.must_run("--select", "+fct_book_ladder_1s_filled")
    return str(directory)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), [("ask", "101"), ("bid", "100"), ("bid", "50")]),
        (("--levels", "1"), [("ask", "101"), ("bid", "100")]),
        (("--at", "2026-01-01 12:00:02", "--levels", "1"), [("ask", "102"), ("bid", "100")]),
        (("--sequence", "12", "--levels", "1"), [("ask", "101"), ("bid", "100")]),
        (("--sequence", "16"), []),
    ],
)
def test_as_of(tickhouse: Run, home: str, options: tuple[str, ...], expected: list[tuple[str, str]]) -> None:
    done = tickhouse("book", "BTCUSDT", *options, "--format", "json", TICKHOUSE_HOME=home)
    rows = json.loads(done.stdout)
    assert [(row["side"], str(row["price"]).split(".")[0]) for row in rows] == expected


def test_before_the_first_build_it_says_so(tickhouse: Run, tmp_path: Path) -> None:
    duckdb.connect(tmp_path / "warehouse.duckdb").close()
    done = tickhouse("book", "BTCUSDT", TICKHOUSE_HOME=str(tmp_path))
    assert done.exit_code == 1
    assert "not built yet" in done.output


def test_between_the_first_mart_and_its_function_it_says_so(
    tickhouse: Run, home: str, tmp_path: Path
) -> None:
    """The function that answers comes with the filled ladder, after the marts that name the markets."""
    copy = tmp_path / "warehouse.duckdb"
    shutil.copy(Path(home) / "warehouse.duckdb", copy)
    with duckdb.connect(copy) as connection:
        connection.execute("drop macro table marts.book_at")
    done = tickhouse("book", "BTCUSDT", TICKHOUSE_HOME=str(tmp_path))
    assert done.exit_code == 1
    assert "not built yet" in done.output


@pytest.mark.parametrize(
    "options", [("NOPE",), ("BTCUSDT", "--venue", "kraken"), ("BTCUSDT", "--levels", "-1")]
)
def test_what_makes_no_sense_is_refused(tickhouse: Run, home: str, options: tuple[str, ...]) -> None:
    assert tickhouse("book", *options, TICKHOUSE_HOME=home).exit_code == 2
