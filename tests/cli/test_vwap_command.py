"""`tickhouse vwap`: a market's VWAP since an instant, or since its last day began."""

import json

import pytest

from tests.cli.conftest import Run
from tests.dbt.trades import binance_trade, land
from tests.dbt.trial import PROJECT, open_trial, parse_project


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> str:
    directory = tmp_path_factory.mktemp("home")
    project = parse_project(PROJECT, tmp_path_factory.mktemp("target"))
    with open_trial(project, directory) as trial:
        trades = [
            binance_trade("BTCUSDT", 1, "23:59:00", "90", "1"),
            binance_trade("BTCUSDT", 2, "2026-01-02 00:00:00", "100", "1"),
            binance_trade("BTCUSDT", 3, "2026-01-02 00:00:30", "104", "3"),
        ]
        land(trial, trades)
        trial.must_run("--select", "+fct_vwap_session", "fct_candles_1m_filled")
    return str(directory)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), [103.0]),
        (("--since", "2026-01-01 23:59:00"), [100.4]),
        (("--since", "2026-01-02T00:00:30"), [104.0]),
        (("--since", "2026-01-03"), []),
    ],
)
def test_since(tickhouse: Run, home: str, options: tuple[str, ...], expected: list[float]) -> None:
    done = tickhouse("vwap", "BTCUSDT", *options, "--format", "json", TICKHOUSE_HOME=home)
    assert [row["vwap"] for row in json.loads(done.stdout)] == expected


def test_letters_do_not_matter(tickhouse: Run, home: str) -> None:
    done = tickhouse("vwap", "btcusdt", "--venue", "Binance", "--format", "json", TICKHOUSE_HOME=home)
    assert [row["vwap"] for row in json.loads(done.stdout)] == [103.0]


@pytest.mark.parametrize("options", [("NOPE",), ("BTCUSDT", "--venue", "kraken")])
def test_a_market_that_is_not_there_is_refused_and_those_that_are_are_named(
    tickhouse: Run, home: str, options: tuple[str, ...]
) -> None:
    done = tickhouse("vwap", *options, TICKHOUSE_HOME=home)
    assert done.exit_code == 2
    assert "BTCUSDT (binance)" in " ".join(done.output.replace("│", "").split())
