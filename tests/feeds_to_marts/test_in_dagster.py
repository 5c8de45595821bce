"""What asks Binance from Dagster: polls as assets before their topics, and the job that fills gaps."""

import re
from collections.abc import Iterator

import dagster as dg
import pytest

from ingest.core.settings import load_settings
from ingest.feeds.binance.polls import DATASETS
from orchestration.assets import polls, topics
from orchestration.keys import poll_key
from orchestration.maintenance import fill_gaps
from orchestration.resources import warehouse_resource
from tests.feeds_to_marts.pipeline import Pipeline
from tests.feeds_to_marts.test_binance_rest import answer
from tests.feeds_to_marts.test_fill import answer as old_ones
from tests.feeds_to_marts.test_fill import publish
from tests.feeds_to_marts.test_gaps import trade
from tests.support.stand_in import Answer, StandIn

POLLS = polls.defs()


@pytest.fixture
def exchange(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    with StandIn() as exchange:
        exchange.answer = answer
        monkeypatch.setenv("TICKHOUSE_HOME", str(pipeline.settings.tickhouse_home))
        monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", pipeline.settings.bootstrap_servers)
        monkeypatch.setenv("BINANCE_REST_URL", exchange.rest_url)
        load_settings.cache_clear()
        yield exchange


def test_each_dataset_is_an_asset_before_its_topic() -> None:
    graph = dg.Definitions.merge(POLLS, topics.defs()).resolve_asset_graph()
    assert {key for name in DATASETS for key in graph.get(poll_key(name)).child_keys} == {
        dg.AssetKey(["kafka", f"binance.{topic}"])
        for topic in ("prices", "tickers", "depth", "trades", "klines")
    }


def test_materialize_all_does_not_ask_the_exchange() -> None:
    graph = POLLS.resolve_asset_graph()
    assert not any(graph.get(poll_key(name)).is_materializable for name in DATASETS)


def test_asking_once_lands_and_decodes(pipeline: Pipeline, exchange: StandIn) -> None:
    done = polls.poll_job("all", list(DATASETS)).execute_in_process()
    assert done.success
    counts = {
        event.asset_key.path[-1]: {
            name: value.value for name, value in event.materialization.metadata.items()
        }
        for event in done.all_events
        if event.is_step_materialization and event.asset_key
    }
    assert counts["prices"] == {"binance.prices": 2}
    assert counts["candles"] == {"binance.klines": 2 * 1000}
    assert {said.parameters.get("symbol") for said in exchange.asked} == {None, "BTCUSDT", "ETHUSDT"}
    pipeline.land()
    pipeline.build("staging")
    assert pipeline.rows(
        """select (select count(*) from staging.stg_binance__prices),
                  (select count(*) from staging.stg_binance__klines where rejected_reason is null)"""
    ) == [(2, 2000)]


def test_a_venue_that_refuses_us_fails_the_run_with_the_setting(exchange: StandIn) -> None:
    exchange.answers = [Answer(b"", 451)]
    done = polls.poll_job("prices", ["prices"]).execute_in_process(raise_on_error=False)
    (failure,) = [event for event in done.all_events if event.is_step_failure]
    assert "BINANCE_REST_URL" in str(failure.step_failure_data.error)


def test_candles_are_asked_for_every_6000_seconds() -> None:
    (schedule,) = [one for one in POLLS.schedules or () if one.name == "poll_binance_candles_schedule"]
    assert isinstance(schedule, dg.ScheduleDefinition)
    minutes = []
    for line in schedule.cron_schedule:
        minute, hours = line.split()[:2]
        first, last, step = map(int, re.split("[-/]", hours))
        minutes += [hour * 60 + int(minute) for hour in range(first, last + 1, step)]
    assert sorted(minutes) == list(range(0, 24 * 60, 100))


def test_the_job_asks_for_what_is_open(pipeline: Pipeline, exchange: StandIn) -> None:
    exchange.answer = old_ones
    publish(pipeline, "binance.trades", [trade(n) for n in (1, 2, 5)])
    pipeline.land()
    pipeline.build("+fct_feed_gaps")
    pipeline.trial.connection.execute("update marts.fct_trades set published_at = event_at")
    job = fill_gaps.fill_gaps_job.execute_in_process(resources={"database": warehouse_resource()})
    assert job.success
    pipeline.land()
    pipeline.build("+fct_feed_gaps")
    assert pipeline.rows("select first_missing, last_missing, state from marts.fct_feed_gaps") == [
        (3, 4, "filled")
    ]
