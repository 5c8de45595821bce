"""The real micro-batch run in a process of its own, without Dagster's daemon, so that a test can hurt it.

`harm` patches that process from the test's side (tests/faults/harm.py); nothing in the product knows of it.
"""

import os
import signal
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingest.core.settings import Settings, load_settings
from orchestration.micro_batch.due_models import LoopModel, read_models
from tests.faults.fork_server import ForkServer
from tests.faults.harm import Harm

if TYPE_CHECKING:
    import dagster as dg

PATIENCE_SECONDS = 240
KILLED = -signal.SIGKILL
# A turn follows the other at once, and everything is told at once: tests are in a hurry.
ONE_BATCH = {"max_seconds": 0, "turn_seconds": 0.01, "report_seconds": 0, "check_report_seconds": 0}
# A chain of every kind of model, not all sixty: each harm builds them several times and compares them all.
BUILT = frozenset(
    (
        *("stg_binance__trades", "stg_coinbase__trades", "stg_kraken__trades"),
        *("fct_trades", "fct_candles_1s", "fct_candles_1m"),
        *("fct_trade_analytics_1m", "fct_vwap_session", "dim_symbols"),
    )
)


@dataclass(frozen=True)
class Place:
    """Where a loop works."""

    settings: Settings
    dbt_project: Path

    @property
    def log(self) -> Path:
        return self.settings.tickhouse_home / "loop.log"


class LoopProcess:
    """One run. What it says goes to the place's log, which all runs share."""

    def __init__(
        self, fork_server: ForkServer, place: Place, harm: Harm, config: Mapping[str, Any], *, history: bool
    ) -> None:
        self.run_id = str(uuid.uuid4())
        self._log = place.log
        self._fork_server = fork_server
        work = partial(loop, place, self.run_id, harm, config, history=history)
        self.pid = fork_server.fork(work, place.log)

    @property
    def exit_code(self) -> int | None:
        """None while it runs, 0: success, 1: a failed run, KILLED."""
        return self._fork_server.exit_code(self.pid)

    def said(self) -> str:
        return self._log.read_text() if self._log.exists() else ""

    def wait(self) -> int:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (code := self.exit_code) is None:
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.02)
        return code

    def kill(self) -> None:
        if self.exit_code is None:
            os.kill(self.pid, signal.SIGKILL)
            self.wait()


def warm(place: Place) -> None:
    """What every run does before it begins to differ from others."""
    _take_settings(place)
    import dagster as dg

    from orchestration.micro_batch.job import micro_batch_job

    assert micro_batch_job
    dg.DagsterInstance.ephemeral().dispose()


def read_built_models(manifest: Mapping[str, Any]) -> dict[str, LoopModel]:
    """Those of the plan that the runs have."""
    return {uid: model for uid, model in read_models(manifest).items() if model.name in BUILT}


def loop(place: Place, run_id: str, harm: Harm, config: Mapping[str, Any], *, history: bool) -> int:
    """The run, in its own process."""
    _take_settings(place)
    import dagster as dg

    from orchestration.micro_batch.job import LoopConfig, micro_batch_job, turns

    harm()
    with _instance(place, history=history) as instance:
        result = micro_batch_job.execute_in_process(
            run_config=dg.RunConfig(ops={turns.name: LoopConfig(**config)}),
            instance=instance,
            run_id=run_id,
            raise_on_error=False,
        )
    return 0 if result.success else 1


def _instance(place: Place, *, history: bool) -> "dg.DagsterInstance":
    """With a history for tests that look into it: to keep one takes half of the time."""
    import dagster as dg

    if not history:
        return dg.DagsterInstance.ephemeral()
    place.settings.dagster_home.mkdir(parents=True, exist_ok=True)
    return dg.DagsterInstance.local_temp(str(place.settings.dagster_home))


def _take_settings(place: Place) -> None:
    """They reach a run as they always do, by its environment; the dbt project is the test's copy."""
    os.environ["TICKHOUSE_HOME"] = str(place.settings.tickhouse_home)
    os.environ["KAFKA_BOOTSTRAP_SERVERS"] = place.settings.bootstrap_servers
    load_settings.cache_clear()
    from orchestration.dbt import environment

    environment.DBT_DIR = place.dbt_project
