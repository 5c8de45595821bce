"""Gaps in Binance's trades and candles, asked for by REST; the next micro-batch closes them.

The schedule is off until somebody turns it on: who plays files or simulates has nobody to ask.
"""

import dagster as dg

from ingest.core.settings import load_settings
from ingest.feeds.binance.fill import BinanceFill
from ingest.kafka.publish_all import publish_all
from ingest.operations.fill import gaps_to_fill
from orchestration.resources import WarehouseResource


@dg.op(description="What marts.fct_feed_gaps has open, through the topics of the live feed.")
def ask_for_what_is_missing(context: dg.OpExecutionContext, database: WarehouseResource) -> None:
    settings = load_settings()
    with database.warehouse.reading() as connection:
        gaps = gaps_to_fill(connection)
    for gap in gaps:
        context.log.info(f"{gap.venue} {gap}")
    published = publish_all(settings, BinanceFill(settings, gaps).messages()) if gaps else {}
    context.add_output_metadata({"gaps": len(gaps), **published})


@dg.job(
    name="fill_gaps",
    executor_def=dg.in_process_executor,
    description="Asks Binance's REST for trades and candles that are missing.",
)
def fill_gaps_job() -> None:
    ask_for_what_is_missing()


def defs() -> dg.Definitions:
    schedule = dg.ScheduleDefinition(
        name="fill_gaps_schedule",
        job=fill_gaps_job,
        cron_schedule=load_settings().fill_gaps_cron,
        execution_timezone="UTC",
    )
    return dg.Definitions(jobs=[fill_gaps_job], schedules=[schedule])
