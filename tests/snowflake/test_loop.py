"""The micro-batch run and its sensor on Snowflake: all of it once, and no question while a topic is quiet."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import dagster as dg
import pytest
from pydantic import SecretStr

from ingest.core.settings import Settings, load_settings
from ingest.core.topics import BY_NAME
from ingest.kafka.topic_admin import ensure_topics
from ingest.warehouse.dbt_variables import dbt_variables
from ingest.warehouse.snowflake import shared_session
from ingest.warehouse.snowflake.session import open_session
from ingest.warehouse.snowflake.warehouse import SnowflakeWarehouse
from orchestration.dbt.plans import Plans
from orchestration.micro_batch.job import LoopConfig, micro_batch_job, turns
from orchestration.micro_batch.sensor import kafka_backlog
from tests.faults.feed import TRADES, Feed
from tests.snowflake.stand_in import on_stand_in
from tests.support.broker import OwnBroker
from tests.support.other_side import numbered
from tests.support.plans import only

REPLAY = "replay.ohlcv"
BUILT = frozenset(("fct_trades", *(f"stg_{venue}__trades" for venue in ("binance", "coinbase", "kraken"))))
QUICK = {"turn_seconds": 0.01, "report_seconds": 0, "check_report_seconds": 0}
Tick = Callable[[], str]


@pytest.fixture
def home(
    tmp_path_factory: pytest.TempPathFactory,
    stand_in_port: int,
    own_broker: OwnBroker,
    monkeypatch: pytest.MonkeyPatch,
) -> Settings:
    """A Tickhouse on Snowflake, with its own broker, in the environment of runs and the sensor. The database
    keeps its name, so that dbt parses once for all sessions."""
    where = {"tickhouse_home": tmp_path_factory.mktemp("home"), "micro_batch_turn_seconds": 1e-6}
    settings = on_stand_in(stand_in_port, "test_loop", kafka_bootstrap_servers=own_broker.bootstrap, **where)
    for name in settings.model_fields_set:
        value = getattr(settings, name)
        monkeypatch.setenv(
            name.upper(), str(value.get_secret_value() if isinstance(value, SecretStr) else value)
        )
    for name, value in dbt_variables(settings).items():
        monkeypatch.setenv(name, value)  # dbt's part sets them as well; so they go when the test does
    load_settings.cache_clear()
    with open_session(settings) as session, session.cursor() as cursor:
        cursor.execute("create database if not exists test_loop")
        for schema in ("raw", "ops", "staging", "marts"):
            cursor.execute(f"drop schema if exists {schema} cascade")
    ensure_topics(settings, [BY_NAME[TRADES], BY_NAME[REPLAY]])
    plans = Plans(settings)
    only(plans.wait(), BUILT).write(plans.path)
    return settings


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture
def tick(home: Settings, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch) -> Tick:
    """What the sensor says, with its cursor as it left it; it may ask Snowflake nothing."""
    cursor: list[str | None] = [None]

    def ask() -> str:
        context = dg.build_sensor_context(instance, cursor=cursor[0])
        with no_session(monkeypatch):
            said = kafka_backlog(context)
        cursor[0] = context.cursor
        if isinstance(said, dg.RunRequest):
            return said.tags["tickhouse/started_for"]
        assert isinstance(said, dg.SkipReason)
        return said.skip_message or ""

    return ask


@contextmanager
def no_session(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setattr(shared_session, "open_session", lambda *_: pytest.fail("a session was opened"))
        yield


def run(instance: dg.DagsterInstance, **config: Any) -> dg.ExecuteInProcessResult:
    loop = LoopConfig(**{"max_seconds": 0, **QUICK, **config})
    return micro_batch_job.execute_in_process(
        run_config=dg.RunConfig(ops={turns.name: loop}), instance=instance, raise_on_error=False
    )


def rows(settings: Settings, sql: str) -> list[tuple]:
    warehouse = SnowflakeWarehouse(settings)
    try:
        with warehouse.reading() as connection:
            return connection.execute(sql).fetchall()
    finally:
        warehouse.close()


def test_what_comes_is_landed_built_checked_once_and_a_quiet_topic_asks_nothing(
    home: Settings, instance: dg.DagsterInstance, tick: Tick
) -> None:
    feed = Feed(home)
    assert tick().startswith("Caught up")
    feed.trades(40)
    feed.publish(REPLAY, numbered(3))
    assert behind(tick()) == {f"40 in {TRADES}", f"3 in {REPLAY}"}

    first = run(instance)
    assert first.success
    assert tick().startswith("Caught up")
    feed.trades(10)
    assert tick() == f"backlog: 10 in {TRADES}"
    second = run(instance)
    assert second.success
    assert tick().startswith("Caught up")

    raw = f"raw.{BY_NAME[TRADES].raw_table}"
    found = rows(home, f"select kafka_partition, kafka_offset, payload from {raw}")
    wanted = {(at.partition, at.offset): value for at, value in feed.published.items() if at.topic == TRADES}
    assert {(row[0], row[1]): row[2].encode() for row in found} == wanted
    assert len(found) == 50
    assert rows(home, "select count(*), count(distinct trade_id) from marts.fct_trades") == [(50, 50)]
    assert rows(home, "select name, run_id from ops.lease order by name") == [
        ("micro_batch", second.run_id),
        ("turn", ""),
    ]
    assert told(first, f"raw/{BY_NAME[REPLAY].raw_table}")["next_offset_0"] == 3
    newest = told(second, raw.replace(".", "/"))
    assert (newest["rows"], newest["next_offset_0"], newest["next_offset_1"]) == (10, 25, 25)
    checks = second.get_asset_check_evaluations()
    assert {"coordinates_unique", "coordinates_complete", "is_built"} <= {
        check.check_name for check in checks
    }
    assert [check for check in checks if not check.passed] == []

    instance.create_run_for_job(micro_batch_job, status=dg.DagsterRunStatus.FAILURE)
    assert behind(tick()) == {f"50 in {TRADES}", f"3 in {REPLAY}"}


def behind(said: str) -> set[str]:
    assert said.startswith("backlog: "), said
    return set(said.removeprefix("backlog: ").split(", "))


def told(result: dg.ExecuteInProcessResult, asset: str) -> dict[str, Any]:
    """The metadata of an asset's last event."""
    key = dg.AssetKey.from_user_string(asset)
    found = [event for event in result.all_events if event.is_step_materialization and event.asset_key == key]
    metadata = found[-1].step_materialization_data.materialization.metadata
    return {name: value.value for name, value in metadata.items()}


BY_HAND = """
import dagster as dg
from orchestration.definitions import defs
repository = defs().get_repository_def()
graph = repository.asset_graph
print(*sorted(job.name for job in repository.get_all_jobs() if not job.name.startswith("__")))
print(*sorted({key.name for key in graph.asset_check_keys} & {"is_built", "equals_rebuild", "fresh"}))
raw = [graph.get(key) for key in graph.get_all_asset_keys() if key.path[0] == "raw"]
print(*sorted({kind for asset in raw for kind in asset.kinds}))
keys = [dg.AssetKey(["raw", "binance_trades"]), dg.AssetKey(["staging", "stg_binance__trades"])]
result = repository.get_implicit_global_asset_job_def().execute_in_process(asset_selection=keys)
for event in result.get_asset_materialization_events():
    print(event.asset_key.to_user_string(), *sorted(event.materialization.metadata))
"""


def test_the_code_location_has_what_works_there_also_by_hand(home: Settings) -> None:
    """In a process of its own: settings decide what is imported."""
    Feed(home).trades(4)
    ran = subprocess.run([sys.executable, "-c", BY_HAND], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines() == [
        "audit clean_up docs fill_gaps micro_batch poll_binance poll_binance_candles repair replay",
        "fresh is_built",
        "kafka snowflake",
        "raw/binance_trades batches newest rows",
        "staging/stg_binance__trades build_seconds newest rows_written",
    ]
