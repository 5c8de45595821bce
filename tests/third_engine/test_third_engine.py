"""An engine that nobody has heard of keeps the landing contract, and the commands work on it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ingest.cli import app
from ingest.core.errors import SettingsInvalid
from ingest.core.settings import Settings, load_settings
from ingest.warehouse.engine import capabilities_of, copies_of
from tests.support.broker import OwnBroker
from tests.third_engine.engine import MemoryWarehouse
from tests.warehouse.soundness import assert_raw_is_sound
from tests.warehouse.test_landing_contract import *  # noqa: F403  (all of it, with this folder's `trial`)

NAME = "tests.third_engine.engine"
Run = Callable[..., str]


@pytest.fixture
def tickhouse(tmp_path: Path, own_broker: OwnBroker, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("WAREHOUSE", NAME)
    monkeypatch.setenv("TICKHOUSE_HOME", str(tmp_path))
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", own_broker.bootstrap)
    load_settings.cache_clear()

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(app, arguments)
        assert done.exit_code == 0, (arguments, done.output, done.exception)
        return done.stdout

    return run


def test_it_drains_tells_how_things_stand_repairs_and_replays(tickhouse: Run, tmp_path: Path) -> None:
    tickhouse("publish", "simulated", "--messages", "300", "--rate", "max")
    assert "Caught up: 300 messages" in tickhouse("drain")
    rows = json.loads(tickhouse("status", "--format", "json"))["topics"]
    assert (sum(row["landed"] for row in rows), sum(row["lag"] or 0 for row in rows)) == (300, 0)

    warehouse = MemoryWarehouse(tmp_path)
    with warehouse.writing() as connection:
        connection.execute("delete from raw.binance_trades where kafka_offset % 3 = 0")
    assert "0 messages landed" not in tickhouse("repair", "--topic", "binance.trades")
    assert "0 messages landed" in tickhouse("repair", "--topic", "binance.trades")
    with warehouse.reading() as connection:
        assert_raw_is_sound(connection)
    assert "count as new" in tickhouse("replay", "--topic", "binance.trades")
    assert "replay" in tickhouse("sql", "select distinct kind from ops.batches")


def test_what_it_cannot_do_is_refused() -> None:
    settings = Settings(warehouse=NAME)
    assert capabilities_of(settings).title == "Memory"
    with pytest.raises(SettingsInvalid, match="Memory keeps its own copies"):
        copies_of(settings)


@pytest.mark.parametrize(
    ("name", "said"), [("postgres", "there is duckdb and snowflake"), ("no.such_engine", "cannot be used")]
)
def test_an_engine_that_is_not_there(name: str, said: str) -> None:
    with pytest.raises(SettingsInvalid, match=said):
        capabilities_of(Settings(warehouse=name))
