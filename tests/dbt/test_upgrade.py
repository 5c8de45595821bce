"""A warehouse of an earlier version goes on as today's: what it holds, its positions, its marts.

tests/fixtures/warehouse-0.1.0.duckdb.gz was written by commit 9428865, with four migrations: 118 messages of
SparseTrades(Random(7)) that its own `land` put down in two batches, and fct_candles_1m with its parents.
Whoever adds a migration adds a file of the version before it.
"""

import gzip
import shutil
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from ingest.core.settings import PROJECT_ROOT
from ingest.warehouse.duckdb.migrate import migrations, schema_version
from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse
from tests.dbt.feeds import SparseTrades
from tests.dbt.log import Log
from tests.dbt.trial import Project, Trial, open_trial
from tests.warehouse.batches import batch, landing

FIXTURE = PROJECT_ROOT / "tests" / "fixtures" / "warehouse-0.1.0.duckdb.gz"
TOPIC, LANDED = "binance.trades", 118


@pytest.fixture
def home(tmp_path: Path) -> Path:
    with gzip.open(FIXTURE) as packed, (tmp_path / "warehouse.duckdb").open("wb") as file:
        shutil.copyfileobj(packed, file)
    return tmp_path


@pytest.fixture
def upgraded(project: Project, home: Path) -> Iterator[Trial]:
    with open_trial(project.fed_by([TOPIC]), home) as trial:
        yield trial


def test_positions_stand_and_landing_goes_on(home: Path) -> None:
    warehouse = DuckDbWarehouse(home / "warehouse.duckdb")
    warehouse.migrate()
    with warehouse.reading() as connection:
        assert connection.execute("select count(*) from raw.binance_trades").fetchone() == (LANDED,)
    assert warehouse.positions()[TOPIC].next_offsets == {0: LANDED}
    warehouse.land(batch(landing(LANDED, LANDED + 5, LANDED)), None)
    assert warehouse.positions()[TOPIC].next_offsets == {0: LANDED + 5}


def test_marts_are_built_on(upgraded: Trial) -> None:
    assert schema_version(upgraded.connection) == migrations()[-1][0]
    [(before,)] = upgraded.rows("select count(*) from marts.fct_candles_1m")
    upgraded.must_run("--select", "+fct_candles_1m")
    assert upgraded.rows("select count(*) from marts.fct_candles_1m") == [(before,)]
    random = Random(8)
    upgraded.land(TOPIC, Log(SparseTrades(random), random).batch(60))
    upgraded.must_run("--select", "+fct_candles_1m")
    assert upgraded.rows("select count(*) from marts.fct_candles_1m") > [(before,)]
    upgraded.must_run("--full-refresh", "--select", "+fct_candles_1m")
