"""`tickhouse tables` and `tickhouse describe`: what a row is, how many there are, how new."""

import json
from pathlib import Path

import pytest

from ingest.cli.completion import Names
from ingest.warehouse.table_docs import read_table_docs
from tests.cli.conftest import Run
from tests.dbt.trades import binance_trade, land
from tests.dbt.trial import PROJECT, open_trial, parse_project


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> str:
    directory = tmp_path_factory.mktemp("home")
    project = parse_project(PROJECT, tmp_path_factory.mktemp("target"))
    with open_trial(project, directory) as trial:
        trades = [binance_trade("BTCUSDT", n, f"2026-01-02 00:00:0{n}", "100", "1") for n in (1, 2)]
        land(trial, trades)
        trial.must_run("--select", "+fct_trades")
    return str(directory)


def test_rows_and_newest_of_what_was_built_and_one_sentence_of_everything(tickhouse: Run, home: str) -> None:
    done = tickhouse("tables", "--format", "json", TICKHOUSE_HOME=home)
    rows = {row["table"]: row for row in json.loads(done.stdout)}
    assert rows["fct_trades"]["rows"] == 2
    assert rows["fct_trades"]["newest"] == "2026-01-02 00:00:02"
    assert rows["fct_candles_1m"]["rows"] is None
    assert rows["fct_candles_1m"]["one_row"].startswith("One row per minute in which a symbol traded")


def test_every_mart_says_what_one_row_is() -> None:
    marts = [doc for doc in read_table_docs() if doc.schema == "marts"]
    assert [doc.name for doc in marts if not doc.grain.startswith("One row per ")] == []
    assert [f"{doc.name}.{c.name}" for doc in marts for c in doc.columns if not c.description] == []


def test_raw_tables_are_there_too(tickhouse: Run, home: str) -> None:
    done = tickhouse("tables", "raw", "--format", "json", TICKHOUSE_HOME=home)
    rows = {row["table"]: row for row in json.loads(done.stdout)}
    assert rows["binance_trades"]["rows"] == 2
    assert rows["binance_trades"]["one_row"] == "One row per message of the topic binance.trades, verbatim."
    assert "payload_bytes" in tickhouse("describe", "raw.binance_trades", TICKHOUSE_HOME=home).stdout


def test_a_table_within_a_description_is_one_line() -> None:
    (gaps,) = (doc for doc in read_table_docs() if doc.name == "fct_feed_gaps")
    (kind,) = (column.description for column in gaps.columns if column.name == "kind")
    assert kind.startswith("What is missing. trade_ids: numbers that no trade has")
    assert "|" not in kind


def test_tab_completes_tables_and_columns() -> None:
    names = Names()
    assert [names.complete("marts.fct_candles_1", number) for number in range(3)] == [
        "marts.fct_candles_1d",
        "marts.fct_candles_1h",
        "marts.fct_candles_1m",
    ]
    assert names.complete("taker_s", 0) == "taker_side"
    assert names.complete("taker_s", 1) is None
    assert names.complete("raw.binance_tr", 0) == "raw.binance_trades"


def test_describe_shows_the_columns_and_a_question_that_can_be_asked(tickhouse: Run, home: str) -> None:
    done = tickhouse("describe", "fct_trades", TICKHOUSE_HOME=home)
    assert "marts.fct_trades" in done.stdout
    assert "taker_side" in done.stdout
    question = done.stdout.splitlines()[-1].removeprefix('tickhouse sql "').removesuffix('"')
    answer = tickhouse("sql", question, "--format", "json", TICKHOUSE_HOME=home)
    assert [row["trade_id"] for row in json.loads(answer.stdout)] == [2, 1]


@pytest.mark.parametrize(
    ("arguments", "named"), [(("describe", "fct_trade"), "fct_trades"), (("tables", "nope"), "marts")]
)
def test_what_is_not_there_is_refused_and_what_is_near_is_named(
    tickhouse: Run, tmp_path: Path, arguments: tuple[str, ...], named: str
) -> None:
    done = tickhouse(*arguments)
    assert done.exit_code == 2
    assert named in done.stderr
