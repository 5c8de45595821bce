"""One Tickhouse under trial: a feed that keeps account, loops that can be hurt, and the question at the end:
does it hold exactly what was published, and what a rebuild would make of it?"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
import duckdb

from ingest.operations.runs import end_looping
from ingest.warehouse.duckdb.file import DuckDbFile
from orchestration.checks.raw_tables import raw_checks
from orchestration.micro_batch.due_models import look
from tests.dbt.trial import Project, Trial
from tests.faults.feed import Feed
from tests.faults.fork_server import ForkServer
from tests.faults.harm import Harm, nothing
from tests.faults.loop_process import ONE_BATCH, LoopProcess, Place, read_built_models
from tests.faults.waiting import wait_until
from tests.support.ledger import Coordinates, landed
from tests.support.other_side import OtherSide


@dataclass
class World:
    fork_server: ForkServer
    place: Place
    project: Project
    feed: Feed
    other_side: OtherSide
    runs: list[LoopProcess] = field(default_factory=list)

    def start(self, harm: Harm = nothing, *, history: bool = False, **config: Any) -> LoopProcess:
        """A run that goes on by itself; it is killed when the test ends. `history`: for `events`."""
        run = LoopProcess(self.fork_server, self.place, harm, {**ONE_BATCH, **config}, history=history)
        self.runs.append(run)
        return run

    def run(self, harm: Harm = nothing, **options: Any) -> int:
        """A run to its end; its exit code. Without a configuration it ends when it has caught up."""
        return self.start(harm, **options).wait()

    def must_run(self, harm: Harm = nothing, **options: Any) -> LoopProcess:
        """A run that succeeds."""
        run = self.start(harm, **options)
        assert run.wait() == 0, run.said()
        return run

    @contextmanager
    def warehouse(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with DuckDbFile(self.place.settings.warehouse_path).writing(wait_seconds=60) as connection:
            yield connection

    def rows(self, sql: str) -> list[tuple]:
        with DuckDbFile(self.place.settings.warehouse_path).reading(wait_seconds=60) as connection:
            return connection.execute(sql).fetchall()

    def end(self, run: LoopProcess) -> None:
        """Ask a looping run to end after its turn, as Ctrl-C does."""
        assert end_looping(self.place.settings, patience_seconds=60)
        assert run.wait() == 0, run.said()

    def wait_until_landed(self) -> None:
        wait_until("all in raw", lambda: self.landed() == self.feed.published)

    def events(self, run: LoopProcess) -> list[dg.DagsterEvent]:
        """What the UI knows of a run."""
        with dg.DagsterInstance.local_temp(str(self.place.settings.dagster_home)) as instance:
            entries = instance.all_logs(run.run_id)
        return [entry.dagster_event for entry in entries if entry.dagster_event]

    def checks(self, run: LoopProcess, asset: str, name: str) -> list[dg.AssetCheckEvaluation]:
        """How a check went, each time it was told."""
        found = [event.event_specific_data for event in self.events(run)]
        return [
            data
            for data in found
            if isinstance(data, dg.AssetCheckEvaluation)
            and (data.asset_key.to_user_string(), data.check_name) == (asset, name)
        ]

    def materializations(self, run: LoopProcess, asset: str) -> list[dict[str, Any]]:
        """The metadata of an asset, each time it was told."""
        key = dg.AssetKey.from_user_string(asset)
        told = [e for e in self.events(run) if e.is_step_materialization and e.asset_key == key]
        found = [event.step_materialization_data.materialization.metadata for event in told]
        return [{name: value.value for name, value in metadata.items()} for metadata in found]

    def landed(self) -> dict[Coordinates, bytes | None]:
        with DuckDbFile(self.place.settings.warehouse_path).reading(wait_seconds=60) as connection:
            return landed(connection)

    def must_hold_everything(self) -> None:
        """Raw holds what was published exactly once, the checks agree, and the marts equal a rebuild."""
        found, published = self.landed(), self.feed.published
        assert found == published, f"{set(found.items()) ^ set(published.items())}"
        with self.warehouse() as connection:
            broken = [check for check in raw_checks(connection) if not check.passed and not check.is_warning]
            assert not broken, broken
            trial = Trial(self.project, self.place.settings.tickhouse_home, connection)
            waiting, differences = behind(trial), trial.differences_to_rebuild()
            assert not waiting, waiting
            assert not differences, differences

    def close(self) -> None:
        for run in self.runs:
            run.kill()


def behind(trial: Trial) -> list[object]:
    """Models that never settled what they began, or whose topics landed something they have not built."""
    progress = trial.rows("select model, built_through, building_through from ops.model_progress")
    unsettled = [row for row in progress if row[1] != row[2]]
    manifest = trial.project.target / "manifest.json"
    standing = look(read_built_models(json.loads(manifest.read_text())), trial.connection)
    waiting = standing.due(all_cadences=True)
    return [*unsettled, *waiting]
