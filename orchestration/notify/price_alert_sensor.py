"""Price alerts are told to somebody: see orchestration/notify/notify.py.

micro-batch run ─▶ observation of fct_price_alerts ─▶ sensor ─▶ notify
"""

import dagster as dg

from orchestration.notify.notify import PriceMoved, notify
from orchestration.notify.price_alerts import ALERTS

AT_ONCE = 50


@dg.sensor(
    name="tell_of_price_alerts",
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=5,
    description="Tells the log, and the webhook if one is set, of each price alert, and if it is taken back.",
)
def tell_of_price_alerts(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """The cursor is the last observation that was told."""
    since = dg.AssetRecordsFilter(asset_key=ALERTS, after_storage_id=int(context.cursor or 0))
    records = context.instance.fetch_observations(since, limit=AT_ONCE, ascending=True).records
    for record in records:
        observation = record.asset_observation
        if observation is not None and "text" in observation.metadata:
            notify(PriceMoved(str(observation.metadata["text"].value)))
        context.update_cursor(str(record.storage_id))
    return dg.SkipReason(f"Told of {len(records)} alerts." if records else "No new alerts.")


def defs() -> dg.Definitions:
    return dg.Definitions(sensors=[tell_of_price_alerts])
