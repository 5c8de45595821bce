"""What is done to a history, in this process: `python -m tests.bench.history_subjects WHAT ARGUMENTS`.

fill ROWS PER_HOUR        raw tables of the warehouse that the environment names
build                     every model from nothing
batches COUNT PER_HOUR SIZE=HOME …
                          the next COUNT batches of each home, in turn, each built by the plan
live COUNT PER_HOUR ROWS  the next COUNT batches, live models only
"""

import json
import statistics
import sys
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any

from dbt.artifacts.schemas.run import RunExecutionResult

from ingest.core.beats import LIVE
from ingest.core.settings import load_settings
from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse
from orchestration.dbt.plan import Plan
from orchestration.dbt.plans import current_plan
from orchestration.dbt.warm import WarmDbt
from orchestration.micro_batch.builder import Builder
from orchestration.micro_batch.due_models import look, read_models
from tests.bench.history_data import BATCH_ROWS, land_history

SMALL_ROWS = 60


def fill(rows: str, per_hour: str) -> dict[str, Any]:
    settings = load_settings()
    settings.tickhouse_home.mkdir(parents=True)
    warehouse = DuckDbWarehouse(settings.warehouse_path)
    warehouse.migrate()
    began = time.monotonic()
    with warehouse.open() as connection:
        land_history(connection, 0, int(rows), float(per_hour))
    return {"seconds": time.monotonic() - began, "file_mb": _size_mb(settings.warehouse_path)}


def build() -> dict[str, Any]:
    dbt = WarmDbt()
    warehouse = DuckDbWarehouse(load_settings().warehouse_path)
    with warehouse.open():
        began = time.monotonic()
        models = seconds_by_model(dbt.invoke("run"))
        seconds = time.monotonic() - began
    return {"seconds": seconds, "models": models, "file_mb": _size_mb(warehouse.file.path)}


def batches(count: str, per_hour: str, *sized_homes: str) -> dict[str, Any]:
    """Medians per model and size, of models that had something to build; the first round only warms up."""
    plan = current_plan()
    homes = {int(size): Path(home) for size, home in (each.split("=", 1) for each in sized_homes)}
    builders = {size: Builder(plan, is_ddl_transactional=True) for size in homes}
    rounds: dict[int, list[dict[str, float]]] = {size: [] for size in homes}
    for number in range(int(count) + 1):
        for size, home in homes.items():
            first = size + number * BATCH_ROWS
            rounds[size].append(
                _batch(builders[size], plan, home, (first, first + BATCH_ROWS), float(per_hour))
            )
    every_time = set.intersection(*(set(each) for found in rounds.values() for each in found[1:]))
    return {
        str(size): {model: statistics.median(each[model] for each in found[1:]) for model in every_time}
        for size, found in rounds.items()
    }


def live(count: str, per_hour: str, rows: str) -> dict[str, Any]:
    """Medians of a batch of a second's messages through all live models; of a small one, also through what is
    watched alone."""
    plan = current_plan()
    models = read_models(plan.manifest)
    watched = {uid for uid, model in models.items() if model.is_watched}
    watched |= {parent for uid in watched for parent in models[uid].parents}
    live = {model.name for model in models.values() if model.cadence == LIVE}
    builder = Builder(plan, is_ddl_transactional=True)
    first, home = int(rows), load_settings().tickhouse_home
    cases = {
        "second": (BATCH_ROWS, live),
        "small": (SMALL_ROWS, live),
        "small, watched": (SMALL_ROWS, {models[uid].name for uid in watched}),
    }
    found: dict[str, Any] = {}
    for case, (size, names) in cases.items():
        costs = []
        for _ in range(int(count) + 1):
            costs.append(_batch(builder, plan, home, (first, first + size), float(per_hour), names))
            first += size
        found[case] = {
            name: statistics.median(each.get(name, 0.0) for each in costs[1:]) for name in costs[-1]
        }
    return found


def _batch(
    builder: Builder,
    plan: Plan,
    home: Path,
    span: tuple[int, int],
    per_hour: float,
    names: Collection[str] | None = None,
) -> dict[str, float]:
    """These rows of every topic landed; seconds of each model that builds them, of all if none are named."""
    chosen = {uid for uid, model in plan.models.items() if names is None or model.name in names}
    with DuckDbWarehouse(home / "warehouse.duckdb").open() as connection:
        land_history(connection, *span, per_hour)
        began = time.monotonic()
        built = builder.build(connection, chosen, look(read_models(plan.manifest), connection))
        seconds = time.monotonic() - began
    assert not built.for_dbt, built.for_dbt
    failed = [f"{one.unique_id}: {one.message}" for one in built.results if not one.succeeded]
    assert not failed, " ".join(failed[0].split())
    models = {plan.models[one.unique_id].name: one.seconds for one in built.results}
    return models | {"all models": seconds}


def seconds_by_model(results: RunExecutionResult) -> dict[str, float]:
    failed = [
        f"{each.node.name}: {each.message}" for each in results.results if str(each.status) != "success"
    ]
    assert not failed, " ".join(failed[0].split())
    return {each.node.name: each.execution_time for each in results.results}


def _size_mb(path: Path) -> float:
    return path.stat().st_size / 1e6


def main(what: str, *arguments: str) -> None:
    said = {"fill": fill, "build": build, "batches": batches, "live": live}[what](*arguments)
    sys.stdout.write(json.dumps(said) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
