"""Binance's REST as assets that jobs make: each dataset is asked for once, and goes to its topic.

binance_rest/prices ─▶ kafka/binance.prices ─▶ raw ─▶ staging

Their schedules are off until somebody turns them on: the exchange may be out of reach, or not wanted.
`tickhouse publish polls` does the same without Dagster.
"""

from collections.abc import Iterator

import dagster as dg
from pydantic import Field

from ingest.core.settings import load_settings
from ingest.feeds.binance.markets import spot
from ingest.feeds.binance.polls import DATASETS, BinancePolls
from ingest.kafka.publish_all import publish_all
from orchestration.keys import OWNERS, poll_key

CANDLES = "candles"


def poll_spec(name: str) -> dg.AssetSpec:
    return dg.AssetSpec(
        poll_key(name),
        description=f"Binance's `{DATASETS[name].question}`, asked for by a job: each element is a message. "
        "There is no button here, or `Materialize all` would ask the real exchange: until its job or "
        "schedule has run, `Never materialized` is right.",
        group_name="polls",
        kinds={"kafka"},
        owners=OWNERS,
    )


class PollConfig(dg.Config):
    """What is asked for."""

    datasets: list[str] = Field(description="Any of prices, stats, books, trades, candles.")


@dg.op(out={}, description="Asks Binance once for each dataset; what it tells goes to its topic.")
def ask(context: dg.OpExecutionContext, config: PollConfig) -> Iterator[dg.AssetMaterialization]:
    settings = load_settings()
    symbols = [symbol.strip() for symbol in settings.binance_symbols.split(",")]
    for name in config.datasets:
        source = BinancePolls(spot(settings), symbols, [name], seconds=0)
        published = publish_all(settings, source.messages())
        context.log.info(f"{name}: {published}")
        yield dg.AssetMaterialization(poll_key(name), metadata=dict(published))


def poll_job(name: str, datasets: list[str]) -> dg.JobDefinition:
    @dg.job(
        name=name,
        executor_def=dg.in_process_executor,
        description=f"Asks Binance for {', '.join(datasets)}.",
        config=dg.RunConfig(ops={"ask": PollConfig(datasets=datasets)}),
    )
    def polling() -> None:
        ask()

    return polling


def scheduled(job: dg.JobDefinition, cron: str) -> dg.ScheduleDefinition:
    lines = [line.strip() for line in cron.split(";")]
    return dg.ScheduleDefinition(
        name=f"{job.name}_schedule", job=job, cron_schedule=lines, execution_timezone="UTC"
    )


def defs() -> dg.Definitions:
    settings = load_settings()
    others = poll_job("poll_binance", [name for name in DATASETS if name != CANDLES])
    candles = poll_job("poll_binance_candles", [CANDLES])
    return dg.Definitions(
        assets=[poll_spec(name) for name in DATASETS],
        jobs=[others, candles],
        schedules=[
            scheduled(others, settings.binance_poll_cron),
            scheduled(candles, settings.binance_candles_cron),
        ],
    )
