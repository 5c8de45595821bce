"""The plan: what dbt would send to build and test each model, as dbt itself rendered it.

project ─ dbt (make_plan.py, once per change) ─▶ target/plan.json ─▶ the micro-batch run, without dbt

Two numbers differ from build to build, and stand in the plan as placeholders: a model reads its parents' rows
of the batches in (built_through, building_through].
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

BUILT_THROUGH, BUILDING_THROUGH, SLICE = "<built_through>", "<building_through>", "<slice>"
"""As dbt_project/macros/progress/plan.sql writes them."""


@dataclass(frozen=True, slots=True)
class Rewrite:
    """The statements of a model that rewrites affected keys (macros/progress/affected_keys.sql)."""

    keep_affected: str
    save_before: str
    delete: str
    insert: str
    keys_at_once: int | None
    """With so many keys a slice, one insert each; None: all at once."""
    note_vanished: str
    start: tuple[str, ...]
    """Makes its tables, empty."""
    start_order: str
    """What the first insert ends with."""
    comments: str
    """What is to be said of the table and its columns, as one text."""
    set_comments: str
    """Says it, in several statements."""


@dataclass(frozen=True, slots=True)
class View:
    """The statements of a view that keeps its place in ops.model_progress."""

    create: str
    hooks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlannedModel:
    """One model of the project."""

    unique_id: str
    schema: str
    name: str
    columns: frozenset[str]
    parents: tuple[str, ...]
    """The models and sources that it is built from directly."""
    statements: Rewrite | View | None
    """None: dbt has to build it."""
    why_not: str = ""
    """What keeps dbt from planning it."""

    @property
    def relation(self) -> str:
        return f"{self.schema}.{self.name}"

    @property
    def compiled(self) -> str:
        """The query, as people look for it."""
        match self.statements:
            case Rewrite():
                return f"{self.statements.keep_affected};\n\n{self.statements.insert}"
            case View():
                return self.statements.create
            case None:
                return ""


@dataclass(frozen=True, slots=True)
class PlannedTest:
    """One data test, on the asset that shows it."""

    unique_id: str
    asset: tuple[str, ...]
    check: str
    models: tuple[str, ...]
    """All that it looks at."""
    query: str
    """One row: the failures, whether to warn of them, whether they are an error."""
    can_fail: bool
    """False: it is there to warn."""
    also_looks_at: tuple[tuple[str, ...], ...] = ()
    """Other assets that the UI draws a line from."""
    is_blocking: bool = True


@dataclass(frozen=True, slots=True)
class PlannedAsset:
    """How the UI shows a model, as dagster-dbt says it (orchestration/dbt/specs.py)."""

    key: tuple[str, ...]
    deps: tuple[tuple[str, ...], ...]
    description: str
    group: str
    owners: tuple[str, ...]
    tags: Mapping[str, str]
    code_version: str
    facts: Mapping[str, str]
    """Metadata that is text."""
    columns: str
    """A TableSchema, as Dagster writes it down."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Of a whole project, for one warehouse."""

    fingerprint: str
    """Of all that it was made from."""
    dbt_version: str
    manifest: Mapping[str, Any]
    """The little of dbt's manifest that says what is built from what, and how often."""
    models: Mapping[str, PlannedModel]
    """Parents before their children."""
    tests: Mapping[str, PlannedTest]
    assets: Mapping[str, PlannedAsset]

    @property
    def watched(self) -> list[tuple[str, str]]:
        """Schema and name of the models that people look at all the time."""
        metas = {uid: node["config"]["meta"] for uid, node in self.manifest["nodes"].items()}
        models = ((uid, model) for uid, model in self.models.items() if uid in metas)
        return [(model.schema, model.name) for uid, model in models if metas[uid].get("watched")]

    def write(self, path: Path) -> None:
        """All of it, or nothing."""
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".new")
        unfinished.write_text(json.dumps(asdict(self), default=sorted))
        unfinished.rename(path)


def read_plan(path: Path) -> Plan:
    read = json.loads(path.read_text())
    return Plan(
        read["fingerprint"],
        read["dbt_version"],
        read["manifest"],
        {uid: _model(entry) for uid, entry in read["models"].items()},
        {uid: _test(entry) for uid, entry in read["tests"].items()},
        {uid: _asset(entry) for uid, entry in read["assets"].items()},
    )


def read_current(path: Path, wanted: str) -> Plan | None:
    """The plan of that fingerprint; None: there is none, or an older Tickhouse wrote it differently."""
    if not path.exists():
        return None
    try:
        found = read_plan(path)
    except (ValueError, KeyError, TypeError):
        return None
    return found if found.fingerprint == wanted else None


def statements_of(entry: Mapping[str, Any] | None) -> Rewrite | View | None:
    """From what the materialisation handed over."""
    if entry is None:
        return None
    if "create" in entry:
        return View(entry["create"], tuple(entry["hooks"]))
    return Rewrite(**{**entry, "start": tuple(entry["start"])})


def _model(entry: Mapping[str, Any]) -> PlannedModel:
    return PlannedModel(
        **{
            **entry,
            "columns": frozenset(entry["columns"]),
            "parents": tuple(entry["parents"]),
            "statements": statements_of(entry["statements"]),
        }
    )


def _test(entry: Mapping[str, Any]) -> PlannedTest:
    lists = {"asset": tuple(entry["asset"]), "models": tuple(entry["models"])}
    return PlannedTest(**{**entry, **lists, "also_looks_at": _keys(entry["also_looks_at"])})


def _asset(entry: Mapping[str, Any]) -> PlannedAsset:
    lists = {"key": tuple(entry["key"]), "deps": _keys(entry["deps"]), "owners": tuple(entry["owners"])}
    return PlannedAsset(**{**entry, **lists})


def _keys(entries: Iterable[Iterable[str]]) -> tuple[tuple[str, ...], ...]:
    return tuple(map(tuple, entries))
