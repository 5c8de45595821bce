"""The dbt project in this process, over a warehouse of its own.

Trial ─▶ land(topic, records)   replay(topic, batches)   run(...)   rebuild()
         as the drain does      as an operator does      as the loop does
"""

import contextlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb
import pyarrow as pa
from dbt.artifacts.schemas.run import RunExecutionResult
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest
from dbt.contracts.graph.nodes import ModelNode, SqlNode

from ingest.core.settings import PROJECT_ROOT
from ingest.core.topics import BY_NAME
from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse, new_batch
from ingest.warehouse.raw_schema import SCHEMA
from orchestration.dbt.quiet import keep_quiet
from orchestration.dbt.warm import keep_rendered

PROJECT = PROJECT_ROOT / "dbt_project"
QUICK = (
    *("--quiet", "--no-write-json", "--log-level", "none", "--log-level-file", "none"),
    *("--no-populate-cache", "--no-version-check"),
)
# What may differ between a table and its rebuild: the batch that wrote it, and the clock of landing.
NOT_COMPARED = ("batch_id", "landed_at", "published_to_landed_")


@dataclass(frozen=True)
class Project:
    """A dbt project, parsed once."""

    directory: Path
    manifest: Manifest
    target: Path
    chosen: frozenset[str] = frozenset()
    """These models alone, unless it is empty."""
    rendered: dict[int, dict[str, str]] = field(default_factory=dict)
    """What runs rendered of the models, by what the sources said: a test may plant a bug in them."""

    def where(self) -> list[str]:
        here = str(self.directory)
        return ["--project-dir", here, "--profiles-dir", here, "--target-path", str(self.target)]

    @property
    def models(self) -> list[str]:
        names = [node.name for node in self.manifest.nodes.values() if node.resource_type == "model"]
        return [name for name in names if name in self.chosen or not self.chosen]

    def rendered_of_sources(self) -> dict[str, str]:
        """As an earlier run left it, if macros and models said the same then."""
        texts = [macro.macro_sql for macro in self.manifest.macros.values()]
        texts += [node.raw_code for node in self.manifest.nodes.values() if isinstance(node, ModelNode)]
        return self.rendered.setdefault(hash(tuple(texts)), {})

    def fed_by(self, topics: Iterable[str]) -> "Project":
        """With the models that messages of these topics reach, and all that those are made of."""
        self.manifest.build_parent_and_child_maps()
        raw = {f"source.tickhouse.raw.{BY_NAME[topic].raw_table}" for topic in topics}
        reached = _along(self.manifest.child_map, raw)
        needed = _along(self.manifest.parent_map, reached)
        return replace(self, chosen=frozenset(name.rpartition(".")[2] for name in needed | reached))

    def relation(self, model: str) -> str:
        node = self.manifest.nodes[f"model.tickhouse.{model}"]
        return f"{node.schema}.{node.name}"


def _along(edges: Mapping[str, Sequence[str]], start: Iterable[str]) -> set[str]:
    """The models that can be reached so."""
    found: set[str] = set()
    ahead = list(start)
    while ahead:
        following = {name for name in edges.get(ahead.pop(), ()) if name.startswith("model.")}
        ahead += following - found
        found |= following
    return found


def parse_project(directory: Path, target: Path, chosen: frozenset[str] = frozenset()) -> Project:
    """Parse it: a project that does not parse is an error here, with dbt's own words."""
    keep_quiet()
    project = Project(directory, Manifest(), target)
    with home(target):
        outcome = dbtRunner().invoke(["parse", *QUICK, *project.where()])
    assert isinstance(outcome.result, Manifest), outcome.exception
    return Project(directory, outcome.result, target, chosen)


@contextlib.contextmanager
def home(directory: Path) -> Iterator[None]:
    """dbt looks for the warehouse in TICKHOUSE_HOME, and moves into its project."""
    before = os.environ.get("TICKHOUSE_HOME")
    os.environ["TICKHOUSE_HOME"] = str(directory)
    try:
        with contextlib.chdir(Path.cwd()):
            yield
    finally:
        if before is None:
            del os.environ["TICKHOUSE_HOME"]
        else:
            os.environ["TICKHOUSE_HOME"] = before


class Trial:
    """One warehouse, held open as the micro-batch loop holds it."""

    def __init__(self, project: Project, directory: Path, connection: duckdb.DuckDBPyConnection) -> None:
        self.project = project
        self.directory = directory
        self.connection = connection

    def land(self, topic: str, records: Sequence[Mapping[str, object]], kind: str = "landing") -> int:
        """The records as one batch, its number taken as the drain takes it."""
        rows = pa.Table.from_pylist([{"kafka_topic": topic, **record} for record in records], SCHEMA)
        self.connection.execute("begin")
        batch_id = new_batch(self.connection, kind, topic, None)
        self.connection.register("landing_rows", rows)
        table = BY_NAME[topic].raw_table
        self.connection.execute(
            f"insert into raw.{table} select *, now()::timestamp, {batch_id} from landing_rows"
        )
        self.connection.execute("commit")
        self.connection.unregister("landing_rows")
        return batch_id

    def replay(self, topic: str, first_batch_id: int, last_batch_id: int) -> None:
        batch_id = new_batch(self.connection, "replay", topic, None)
        self.connection.execute(
            "update ops.batches set replay_first_batch_id = ?, replay_last_batch_id = ? where batch_id = ?",
            [first_batch_id, last_batch_id, batch_id],
        )

    def run(self, *arguments: str) -> dict[str, str]:
        """`dbt run`: what became of each model."""
        outcome = self._invoke("run", *arguments)
        return {result.node.name: str(result.status) for result in outcome.results}

    def must_run(self, *arguments: str) -> None:
        outcome = self._invoke("run", *arguments)
        assert {str(result.status) for result in outcome.results} <= {"success"}, [
            (result.node.name, result.message) for result in outcome.results
        ]

    def test(self, *arguments: str) -> dict[str, str]:
        outcome = self._invoke("test", *arguments)
        return {result.node.name: str(result.status) for result in outcome.results}

    def compiled(self, sql: str) -> str:
        """SQL with macros in it, as dbt would send it."""
        (result,) = self._invoke("compile", "--inline", sql).results
        assert isinstance(result.node, SqlNode)
        return result.node.compiled_code or ""

    def rows(self, sql: str) -> list[tuple]:
        return self.connection.execute(sql).fetchall()

    def rows_of_copy(self, sql: str, copy: Path) -> list[tuple]:
        """What a snapshot answers that is opened under a name of its own."""
        self.connection.execute(f"attach '{copy}' as copied")
        self.connection.execute("copy from database warehouse to copied")
        self.connection.execute("detach copied")
        with duckdb.connect(copy, read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def tables(self, schema: str) -> list[str]:
        found = self.rows(f"select table_name from duckdb_tables() where schema_name = '{schema}'")
        return [name for (name,) in found]

    def differences_to_rebuild(self) -> dict[str, list[tuple]]:
        """Build what is pending, then everything anew; the rows that are in one of the two only."""
        self.must_run()
        for model in self.project.models:
            self.connection.execute(
                f"create or replace temp table incremental_{model} as from {self.project.relation(model)}"
            )
        self.must_run("--full-refresh")
        found = {model: self._differences(model) for model in self.project.models}
        return {model: rows for model, rows in found.items() if rows}

    def _differences(self, model: str) -> list[tuple]:
        rebuilt, incremental = self.project.relation(model), f"incremental_{model}"
        columns = [row[0] for row in self.rows(f"describe {rebuilt}") if not row[0].startswith(NOT_COMPARED)]
        kept = ", ".join(columns)
        return self.rows(
            f"""(select 'only incremental', {kept} from {incremental}
                 except all select 'only incremental', {kept} from {rebuilt})
                union all
                (select 'only rebuilt', {kept} from {rebuilt}
                 except all select 'only rebuilt', {kept} from {incremental})"""
        )

    def _invoke(self, *arguments: str) -> RunExecutionResult:
        if self.project.chosen and "--select" not in arguments and "--inline" not in arguments:
            # `buildable`: not the tests that also need a model that is not among them.
            narrow = ["--indirect-selection", "buildable"] if arguments[0] == "test" else []
            arguments = (*arguments, "--select", *self.project.models, *narrow)
        with home(self.directory):
            runner = dbtRunner(manifest=self.project.manifest)
            with self._rendered_once(is_run=arguments[0] == "run"):
                outcome = runner.invoke([*arguments, *QUICK, *self.project.where()])
            assert isinstance(outcome.result, RunExecutionResult), outcome.exception
        return outcome.result

    @contextlib.contextmanager
    def _rendered_once(self, *, is_run: bool) -> Iterator[None]:
        """A run renders no model that an earlier one did, as in the loop. All others find the project as
        it was parsed: a unit test puts its own tables in the place of a model's."""
        models = [node for node in self.project.manifest.nodes.values() if isinstance(node, ModelNode)]
        parsed = [node.raw_code for node in models]
        rendered = self.project.rendered_of_sources()
        for node in models if is_run else ():
            node.raw_code = rendered.get(node.name, node.raw_code)
            node.compiled_code = None  # by an earlier trial
        try:
            yield
        finally:
            for node, text in zip(models, parsed, strict=True) if is_run else ():
                keep_rendered(node)
                rendered[node.name] = node.raw_code
                node.raw_code = text


@contextlib.contextmanager
def open_trial(project: Project, directory: Path) -> Iterator[Trial]:
    """A fresh warehouse with its tables, held open."""
    directory.mkdir(parents=True, exist_ok=True)
    warehouse = DuckDbWarehouse(directory / "warehouse.duckdb")
    warehouse.migrate()
    with warehouse.open() as connection:
        connection.execute("set threads = 1")  # a few hundred rows
        yield Trial(project, directory, connection)
