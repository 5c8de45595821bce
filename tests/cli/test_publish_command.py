"""`tickhouse publish simulated`: as many messages as asked for, of the time asked for, or a clear refusal."""

from datetime import datetime
from pathlib import Path

import pytest

from ingest.cli.publish.simulated import parse_faults, parse_rate
from ingest.core.settings import Settings
from ingest.feeds.simulated.faults import Faults
from ingest.warehouse.duckdb.file import DuckDbFile
from tests.cli.conftest import Run
from tests.support.broker import OwnBroker


@pytest.mark.slow
def test_what_is_published_lands(tickhouse: Run, own_broker: OwnBroker, tmp_path: Path) -> None:
    here = {"TICKHOUSE_HOME": str(tmp_path), "KAFKA_BOOTSTRAP_SERVERS": own_broker.bootstrap}
    asked = ["--messages", "300", "--rate", "max", "--start", "2026-01-02T03:04:05", "--symbols", "btcusdt"]
    done = tickhouse("publish", "simulated", *asked, **here)
    assert done.exit_code == 0, done.output
    assert "300 messages" in done.stdout
    assert tickhouse("drain", **here).exit_code == 0
    with DuckDbFile(Settings(tickhouse_home=tmp_path).warehouse_path).reading() as connection:
        found = connection.execute(
            "select min(received_at), count(distinct key) from raw.binance_trades"
        ).fetchone()
    assert found is not None
    assert datetime(2026, 1, 2, 3, 4, 5) <= found[0] < datetime(2026, 1, 2, 3, 4, 7)  # noqa: DTZ001
    assert found[1] == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["--rate", "0"],
        ["--rate", "fast"],
        ["--symbols", "XYZ"],
        ["--faults", "floods=1"],
        ["--faults", "late=x"],
    ],
    ids=" ".join,
)
def test_what_makes_no_sense_is_refused(tickhouse: Run, arguments: list[str]) -> None:
    done = tickhouse("publish", "simulated", *arguments)
    assert done.exit_code == 2
    assert arguments[1].split("=")[0] in done.output


def test_rates_and_faults() -> None:
    assert parse_rate("max") is None
    assert parse_rate("2.5") == 2.5
    assert parse_faults(["gaps=0.1", "clock_skew_ms=-1270"], Faults) == Faults(gaps=0.1, clock_skew_ms=-1270)
