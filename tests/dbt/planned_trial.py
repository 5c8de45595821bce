"""A Trial whose runs are those of the loop: by the plan, and by dbt where the plan leaves it to dbt."""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse
from orchestration.dbt.make_plan import plan_of
from orchestration.dbt.outcome import ModelResult
from orchestration.dbt.plan import Plan
from orchestration.micro_batch.builder import Builder
from orchestration.micro_batch.due_models import look, read_models
from tests.dbt.trial import Project, Trial, home


def plan(project: Project) -> Plan:
    """As the project's manifest says now: a test may have planted a bug in it."""
    with TemporaryDirectory() as scratch, home(Path(scratch)):
        return plan_of(project.manifest, project.where(), "of a test")


class PlannedTrial(Trial):
    """Rebuilds go through dbt, as they always do."""

    _builder: Builder
    _plan: Plan

    def adopt(self, plan: Plan) -> None:
        self._plan = plan
        self._models = read_models(plan.manifest)
        self._builder = Builder(plan, is_ddl_transactional=True)

    def run(self, *arguments: str) -> dict[str, str]:
        if "--full-refresh" in arguments:
            return super().run(*arguments)
        names = arguments[1:] if arguments else self.project.models
        return {result.asset_key.path[-1]: result.status for result in self._build(names)}

    def must_run(self, *arguments: str) -> None:
        if "--full-refresh" in arguments:
            super().must_run(*arguments)
        else:
            built = self._build(arguments[1:] if arguments else self.project.models)
            failed = {result.unique_id: result.message[:2000] for result in built if not result.succeeded}
            assert failed == {}, failed

    def _build(self, names: Sequence[str]) -> list[ModelResult]:
        """Until dbt has nothing to do: what it has built, others may stand on."""
        chosen = {uid for uid, model in self._plan.models.items() if model.name in names}
        results: list[ModelResult] = []
        asked: set[str] = set()
        while True:
            built = self._builder.build(self.connection, chosen, look(self._models, self.connection))
            results += built.results
            left = [self._plan.models[uid].name for uid in built.for_dbt if uid not in asked]
            if not left:
                return results
            asked |= set(built.for_dbt)
            super().run("--select", *left)


@contextlib.contextmanager
def open_planned_trial(project: Project, plan: Plan, directory: Path) -> Iterator[PlannedTrial]:
    directory.mkdir(parents=True, exist_ok=True)
    warehouse = DuckDbWarehouse(directory / "warehouse.duckdb")
    warehouse.migrate()
    with warehouse.open() as connection:
        connection.execute("set threads = 1")  # a few hundred rows
        trial = PlannedTrial(project, directory, connection)
        trial.adopt(plan)
        yield trial
