"""What is done to a history, in this process: `python -m tests.bench.history_subjects WHAT ARGUMENTS`.

fill ROWS PER_HOUR        raw tables of the warehouse that the environment names
build                     every model from nothing
batches COUNT PER_HOUR SIZE=HOME …
                          the next COUNT batches of each home, in turn, each built warm
"""

import json
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from dbt.artifacts.schemas.run import RunExecutionResult

from ingest.core.settings import load_settings
from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse
from orchestration.dbt.warm import WarmDbt
from tests.bench.history_data import BATCH_ROWS, land_history


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
    """Medians per model and size; the first round only warms up."""
    dbt = WarmDbt()
    homes = {int(size): Path(home) for size, home in (each.split("=", 1) for each in sized_homes)}
    rounds: dict[int, list[dict[str, float]]] = {size: [] for size in homes}
    for number in range(int(count) + 1):
        for size, home in homes.items():
            rounds[size].append(_batch(dbt, home, size + number * BATCH_ROWS, float(per_hour)))
    return {
        str(size): {model: statistics.median(each[model] for each in found[1:]) for model in found[0]}
        for size, found in rounds.items()
    }


def _batch(dbt: WarmDbt, home: Path, first: int, per_hour: float) -> dict[str, float]:
    """One batch of every topic landed and built, one model at a time so that each has its own time."""
    os.environ["TICKHOUSE_HOME"] = str(home)
    with DuckDbWarehouse(home / "warehouse.duckdb").open() as connection:
        land_history(connection, first, first + BATCH_ROWS, per_hour)
        began = time.monotonic()
        models = seconds_by_model(dbt.invoke("run", "--threads", "1"))
        return models | {"all models": time.monotonic() - began}


def seconds_by_model(results: RunExecutionResult) -> dict[str, float]:
    failed = [
        f"{each.node.name}: {each.message}" for each in results.results if str(each.status) != "success"
    ]
    assert not failed, " ".join(failed[0].split())
    return {each.node.name: each.execution_time for each in results.results}


def _size_mb(path: Path) -> float:
    return path.stat().st_size / 1e6


def main(what: str, *arguments: str) -> None:
    said = {"fill": fill, "build": build, "batches": batches}[what](*arguments)
    sys.stdout.write(json.dumps(said) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
