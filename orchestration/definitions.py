"""The code location: what the Dagster UI shows, one module per subject.

Listed by hand: `load_from_defs_folder` would import every installed Dagster integration to look for
components, 13 of 20 seconds here, at the start of each run.
"""

import dagster as dg

from ingest.core.private import keep_private
from ingest.core.settings import load_settings
from ingest.warehouse.engine import capabilities_of
from orchestration.assets import models, polls, raw, topics
from orchestration.checks import asset_checks, equality_checks, feeds, readable
from orchestration.maintenance import fill_gaps, hourly_snapshot, nightly, replay_and_repair
from orchestration.micro_batch import sensor
from orchestration.notify import failures, price_alert_sensor
from orchestration.sinks import assets as sinks

SUBJECTS = (
    *(polls, topics, raw, models),
    *(asset_checks, feeds, readable),
    sinks,
    sensor,
    *(fill_gaps, nightly, replay_and_repair),
    *(failures, price_alert_sensor),
)
ON_A_COPY = (hourly_snapshot, equality_checks)


@dg.definitions
def defs() -> dg.Definitions:
    keep_private()  # plain `dagster dev` and runs on other machines do not come by way of our own command
    # Where Tickhouse cannot copy the warehouse, nothing is made of copies or tried on them.
    is_copied = capabilities_of(load_settings()).copies is not None
    subjects = (*SUBJECTS, *ON_A_COPY) if is_copied else SUBJECTS
    return dg.Definitions.merge(*(subject.defs() for subject in subjects))
