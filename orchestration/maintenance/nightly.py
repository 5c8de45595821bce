"""What happens at night: audits, docs, and cleaning up behind ourselves.

03:05   clean_up   old runs, what dbt leaves behind, rows beyond their retention
03:20   audit      every check over everything, and: are the marts what a rebuild gives?
04:10   docs       the dbt docs site
"""

import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg

from ingest.core.settings import load_settings
from ingest.core.topics import TOPICS
from ingest.sinks.open import open_sinks
from ingest.warehouse.connection import transaction
from ingest.warehouse.dbt_variables import dbt_target
from ingest.warehouse.models import read_models
from ingest.warehouse.retention import prune
from orchestration.dbt.environment import DBT_DIR, dbt_environment
from orchestration.keys import POOL
from orchestration.resources import WarehouseResource

KEEP_RUNS = timedelta(days=3)
RUNS_AT_ONCE = 1000
FINISHED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]


@dg.op(description="Old runs go from Dagster's history, which grows by 200 KB a run.")
def forget_old_runs(context: dg.OpExecutionContext) -> None:
    old = dg.RunsFilter(statuses=FINISHED, updated_before=datetime.now(UTC) - KEEP_RUNS)
    records = context.instance.get_run_records(old, limit=RUNS_AT_ONCE)
    for record in records:
        context.instance.delete_run(record.dagster_run.run_id)
    context.log.info(f"Forgot {len(records)} runs that ended more than {KEEP_RUNS.days} days ago.")


@dg.op(pool=POOL, description="Rows beyond their retention go; a DuckDB file shrinks.")
def prune_warehouse(context: dg.OpExecutionContext, database: WarehouseResource) -> None:
    now = datetime.now(UTC).replace(tzinfo=None)
    new_batch, sinks = database.warehouse.new_batch, load_settings().sink_names
    with database.get_connection() as connection, transaction(connection):
        for pruned in prune(connection, TOPICS, read_models(), now, new_batch, context.run_id, sinks):
            context.log.info(str(pruned))
    if shrunk := database.warehouse.shrink():
        context.log.info(str(shrunk))


@dg.op(description="Rows that the sinks keep for a limited time only.")
def prune_sinks(context: dg.OpExecutionContext) -> None:
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    for sink in open_sinks(load_settings()):
        for target in sink.targets:
            if target.keeps is not None:
                gone = sink.forget_before(target, today - target.keeps)
                context.log.info(f"{sink.name}: {gone} rows of {target.name} went.")
        sink.close()


@dg.op(
    description="What dbt leaves behind after each command: logs, and compiled SQL of models that are gone."
)
def tidy_dbt(context: dg.OpExecutionContext) -> None:
    target = DBT_DIR / dbt_target(load_settings())
    for folder in (DBT_DIR / "logs", target / "compiled", target / "run"):
        shutil.rmtree(folder, ignore_errors=True)
    context.log.info("Tidied dbt_project/.")


@dg.job(executor_def=dg.in_process_executor, description="Cleans up behind Tickhouse, every night.")
def clean_up() -> None:
    forget_old_runs()
    prune_warehouse()
    prune_sinks()
    tidy_dbt()


@dg.op(description="dbt docs generate: the site that `tickhouse docs` serves.")
def generate_docs(context: dg.OpExecutionContext) -> None:
    dbt = str(Path(sys.executable).parent / "dbt")
    where = ["--project-dir", str(DBT_DIR), "--profiles-dir", str(DBT_DIR)]
    subprocess.run([dbt, "--quiet", "docs", "generate", *where], check=True, env=dbt_environment())
    context.log.info(f"The site is at {DBT_DIR / dbt_target(load_settings()) / 'index.html'}.")


@dg.job(name="docs", executor_def=dg.in_process_executor, description="The dbt docs site.")
def docs_job() -> None:
    generate_docs()


audit = dg.define_asset_job(
    "audit",
    selection=dg.AssetSelection.all_asset_checks(),
    executor_def=dg.in_process_executor,
    description="Every check over everything, and whether the marts equal a rebuild.",
)


def timed(job_name: str, cron: str) -> dg.ScheduleDefinition:
    return dg.ScheduleDefinition(
        name=f"{job_name}_schedule",
        job_name=job_name,
        cron_schedule=cron,
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )


def defs() -> dg.Definitions:
    return dg.Definitions(
        jobs=[clean_up, docs_job, audit],
        schedules=[
            timed(clean_up.name, "5 3 * * *"),
            timed(audit.name, "20 3 * * *"),
            timed(docs_job.name, "10 4 * * *"),
        ],
    )
