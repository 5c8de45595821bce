"""Each hour a consistent copy of the warehouse, where it is a file of ours."""

import dagster as dg

from ingest.core.settings import load_settings
from ingest.operations.snapshot import snapshot


@dg.op(name="copy_warehouse", description="A consistent copy of the warehouse, for tools that know no lock.")
def copy_warehouse_op(context: dg.OpExecutionContext) -> None:
    context.log.info(f"The copy is at {snapshot(load_settings())}.")


@dg.job(name="snapshot", executor_def=dg.in_process_executor, description="A copy to query with any tool.")
def snapshot_job() -> None:
    copy_warehouse_op()


def defs() -> dg.Definitions:
    schedule = dg.ScheduleDefinition(
        name="snapshot_schedule",
        job=snapshot_job,
        cron_schedule=load_settings().snapshot_cron,
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
    return dg.Definitions(jobs=[snapshot_job], schedules=[schedule])
