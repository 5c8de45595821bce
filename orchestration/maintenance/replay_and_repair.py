"""Jobs that somebody starts in the UI: build marts again from raw, land what raw lacks.

To build one table, use its own button in the lineage.
"""

import dagster as dg
from pydantic import Field

from ingest.core.settings import load_settings
from ingest.core.topics import BY_NAME, find_topics
from ingest.drain.repair import repair
from ingest.kafka.open import open_log
from ingest.warehouse.replay import Batches, batches_between, replay
from orchestration.dbt.by_dbt import model_result, run
from orchestration.dbt.plans import current_plan
from orchestration.keys import POOL
from orchestration.micro_batch.due_models import look, read_models
from orchestration.resources import WarehouseResource


class ReplayConfig(dg.Config):
    """Which landed messages count as new again: all of a topic's, unless batches are named."""

    topic: str = Field(default="", description="Wanted: a name of the topic table, e.g. binance.trades.")
    first_batch_id: int | None = Field(default=None, description="From this batch on; raw rows carry it.")
    last_batch_id: int | None = Field(default=None, description="Up to and including this one.")


@dg.op(pool=POOL)
def mark_for_replay(
    context: dg.OpExecutionContext, config: ReplayConfig, database: WarehouseResource
) -> None:
    if not config.topic:
        raise dg.Failure(
            f"Set `topic` in the launchpad to one of: {', '.join(BY_NAME)}.", allow_retries=False
        )
    [topic] = find_topics([config.topic])
    with database.warehouse.reading() as connection:
        span = batches_between(connection, topic, None, None)
    chosen = Batches(config.first_batch_id or span.first, config.last_batch_id or span.last)
    done = replay(database.warehouse, topic, chosen, context.run_id)
    context.log.info(f"{done.row_count} messages of {chosen} count as new again, as batch {done.batch_id}.")


@dg.op(pool=POOL, ins={"after": dg.In(dg.Nothing)})
def build_pending(context: dg.OpExecutionContext, database: WarehouseResource) -> None:
    """Whatever has work, at once; a micro-batch run that is alive may be quicker, which does no harm."""
    with database.get_connection() as connection:
        standing = look(read_models(current_plan().manifest), connection)
    due = standing.with_quiet_parents(standing.due(all_cadences=True))
    with database.warehouse.building():
        names = [model.name for model in due]
        results = run("run", "--select", *names, run_id=context.run_id) if due else []
    found = map(model_result, results)
    failed = [f"{one.asset_key.path[-1]}: {one.message}" for one in found if not one.succeeded]
    if failed:
        raise dg.Failure("dbt could not build " + "; ".join(failed))
    context.log.info(f"Built {len(results)} models.")


@dg.job(
    name="replay",
    executor_def=dg.in_process_executor,
    description="Marts are built again from raw messages that have landed, e.g. after a decoder was mended.",
)
def replay_job() -> None:
    build_pending(mark_for_replay())


class RepairConfig(dg.Config):
    """Where to look for what is missing."""

    topics: list[str] = Field(default=[], description="Names of the topic table; none: all of them.")


@dg.op(pool=POOL)
def land_what_is_missing(
    context: dg.OpExecutionContext, config: RepairConfig, database: WarehouseResource
) -> None:
    log = open_log(load_settings())
    landed = 0
    try:
        for topic in find_topics(config.topics):
            for filled in repair(log, database.warehouse, topic, context.run_id):
                landed += filled.row_count
                context.log.info(f"{filled.hole}: {filled.row_count} landed; lost for good: {filled.lost}")
    finally:
        log.close()
    context.log.info(f"{landed} messages landed that raw lacked.")


@dg.job(
    name="repair",
    executor_def=dg.in_process_executor,
    description="Lands what raw lacks and Kafka still has. Nothing lands twice.",
)
def repair_job() -> None:
    land_what_is_missing()


def defs() -> dg.Definitions:
    return dg.Definitions(jobs=[replay_job, repair_job])
