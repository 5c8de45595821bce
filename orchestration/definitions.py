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

SUBJECTS = (polls, topics, raw, models, checks, micro_batch, maintenance, failures, alerts)
# Replaying, repairing and asking for what is missing work on the DuckDB file only so far.
ON_A_FILE = (by_hand, fill_gaps)


@dg.definitions
def defs() -> dg.Definitions:
    subjects = (*SUBJECTS, *ON_A_FILE) if load_settings().warehouse == "duckdb" else SUBJECTS
    return dg.Definitions.merge(*(subject.defs() for subject in subjects))
