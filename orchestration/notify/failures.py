"""A failed run is told to somebody: see orchestration/notify/notify.py."""

import dagster as dg

from orchestration.notify.notify import RunFailed, notify


@dg.run_failure_sensor(
    name="tell_of_failures",
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=15,
    description="Tells the log, and the webhook if one is set, of each failed run.",
)
def tell_of_failures(context: dg.RunFailureSensorContext) -> None:
    run = context.dagster_run
    notify(RunFailed(run.job_name, run.run_id, context.failure_event.message or "no message"))


def defs() -> dg.Definitions:
    return dg.Definitions(sensors=[tell_of_failures])
