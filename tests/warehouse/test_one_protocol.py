"""Nobody outside ingest/warehouse/ asks which warehouse it is: the code itself is read for it."""

import ast
from collections.abc import Iterator
from pathlib import Path

from ingest.core.settings import PROJECT_ROOT
from ingest.warehouse.capabilities import Capabilities
from ingest.warehouse.engine import ENGINES

NAMES_ONE_ENGINE = {
    "ingest/cli/setup.py": "the set-up command of Snowflake",
    "ingest/cli/copy.py": "its options name the two",
    "ingest/operations/copy/move_in.py": "from the one to the other",
    "ingest/operations/parity.py": "the one beside the other",
    "orchestration/dbt/warehouse_lock.py": "a plugin of dbt-duckdb",
    "orchestration/checks/equality.py": "compares two copies of a DuckDB file",
}
"""By nature, and why."""
ENGINE_MODULES = tuple(module.rpartition(".")[0] for module in ENGINES.values())
DECIDED_BY = {"is_metered", "copies"}
"""The capabilities that are branched on; the others are values to use."""
BRANCHES = 6


def sources() -> Iterator[tuple[str, ast.Module]]:
    for folder in ("ingest", "orchestration"):
        for path in sorted((PROJECT_ROOT / folder).rglob("*.py")):
            name = path.relative_to(PROJECT_ROOT).as_posix()
            if not name.startswith("ingest/warehouse/"):
                yield name, ast.parse(Path(path).read_text())


def names_an_engine(node: ast.AST) -> bool:
    """An import of one, a comparison with its name, or a test for its driver's classes."""
    match node:
        case ast.ImportFrom(module=str(module)):
            return module.startswith(ENGINE_MODULES)
        case ast.Import(names=names):
            return any(alias.name.startswith((*ENGINE_MODULES, "snowflake")) for alias in names)
        case ast.Compare():
            compared = {part.value for part in ast.walk(node) if isinstance(part, ast.Constant)}
            return bool(compared & ENGINES.keys())
        case ast.Call(func=ast.Name(id="isinstance"), args=[_, kinds]):
            return any(word in ast.unparse(kinds).lower() for word in ENGINES)
    return False


def test_no_engine_is_named_outside_of_their_folder() -> None:
    found = {name for name, tree in sources() for node in ast.walk(tree) if names_an_engine(node)}
    assert found == NAMES_ONE_ENGINE.keys() - {"ingest/cli/copy.py"}


def test_few_places_go_another_way_by_a_capability() -> None:
    assert set(Capabilities.__dataclass_fields__) >= DECIDED_BY
    asked = [
        f"{name}:{node.lineno}"
        for name, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in DECIDED_BY and "capabilities" in ast.unparse(node)
    ]
    assert len(asked) <= BRANCHES, asked
