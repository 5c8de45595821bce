"""The warehouse of a run, which is told who of the other runs has ended.

A run that was killed gives nothing back: a file's lock goes with its process, a row in Snowflake stays.
"""

from functools import partial

import dagster as dg

from ingest.core.settings import load_settings
from ingest.operations.runs import looping_runs
from ingest.warehouse.open import open_warehouse
from ingest.warehouse.protocol import Warehouse


def warehouse_of_run(instance: dg.DagsterInstance, run_id: str) -> Warehouse:
    return open_warehouse(load_settings(), run_id, partial(has_ended, instance))


def has_ended(instance: dg.DagsterInstance, run_id: str) -> bool:
    """Dagster says so, and no process of that run lives on. Of a run that it does not know: no."""
    run = instance.get_run_by_id(run_id)
    return run is not None and run.is_finished and run_id not in looping_runs(load_settings())
