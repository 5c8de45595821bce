"""Binance's REST as assets: each dataset is asked for once, and goes to its topic.

binance_rest/prices ─▶ kafka/binance.prices ─▶ raw ─▶ staging

Their schedules are off until somebody turns them on: the exchange may be out of reach, or not wanted.
`tickhouse publish polls` does the same without Dagster.
"""

import dagster as dg

from ingest.core.settings import load_settings
from ingest.feeds.binance.markets import spot
from ingest.feeds.binance.polls import DATASETS, BinancePolls
from ingest.kafka.publish_all import publish_all
from orchestration.keys import OWNERS, poll_key

CANDLES = "candles"


def poll_asset(name: str) -> dg.AssetsDefinition:
    @dg.asset(
        key=poll_key(name),
        description=f"Binance's `{DATASETS[name].question}`, asked once: each element is a message.",
        group_name="polls",
        kinds={"kafka"},
        owners=OWNERS,
    )
    def poll() -> dg.MaterializeResult:
        settings = load_settings()
        symbols = [symbol.strip() for symbol in settings.binance_symbols.split(",")]
        source = BinancePolls(spot(settings), symbols, [name], seconds=0)
        return dg.MaterializeResult(metadata=dict(publish_all(settings, source.messages())))

    return poll


def scheduled(job_name: str, datasets: list[str], cron: str) -> dg.ScheduleDefinition:
    job = dg.define_asset_job(
        job_name,
        selection=dg.AssetSelection.assets(*(poll_key(name) for name in datasets)),
        executor_def=dg.in_process_executor,
        description=f"Asks Binance for {', '.join(datasets)}.",
    )
    lines = [line.strip() for line in cron.split(";")]
    return dg.ScheduleDefinition(
        name=f"{job_name}_schedule", job=job, cron_schedule=lines, execution_timezone="UTC"
    )


def defs() -> dg.Definitions:
    settings = load_settings()
    others = [name for name in DATASETS if name != CANDLES]
    return dg.Definitions(
        assets=[poll_asset(name) for name in DATASETS],
        schedules=[
            scheduled("poll_binance", others, settings.binance_poll_cron),
            scheduled("poll_binance_candles", [CANDLES], settings.binance_candles_cron),
        ],
    )
