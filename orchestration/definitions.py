"""The code location: what the Dagster UI shows, one module per subject.

Listed by hand: `load_from_defs_folder` would import every installed Dagster integration to look for
components, 13 of 20 seconds here, at the start of each run.
"""

import dagster as dg

from ingest.settings import load_settings
from orchestration.defs import (
    alerts,
    by_hand,
    checks,
    failures,
    fill_gaps,
    maintenance,
    micro_batch,
    models,
    polls,
    raw,
    topics,
)

SUBJECTS = (polls, topics, raw, models, checks, micro_batch, fill_gaps, maintenance, failures, alerts)


@dg.definitions
def defs() -> dg.Definitions:
    # Replaying and repairing by a job work on the DuckDB file only so far.
    subjects = (*SUBJECTS, by_hand) if load_settings().warehouse == "duckdb" else SUBJECTS
    return dg.Definitions.merge(*(subject.defs() for subject in subjects))
