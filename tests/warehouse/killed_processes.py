"""What other processes do until they are killed. Their server has imported the heavy libraries once."""

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.synchronize import Semaphore
from pathlib import Path

from ingest.core.settings import Settings
from ingest.operations.backup import restore
from ingest.warehouse.duckdb import shrink
from ingest.warehouse.duckdb.file import DuckDbFile
from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse
from tests.warehouse.batches import TOPIC, batch, landing

BATCH_ROWS = 5_000
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["duckdb", "pandas", "pyarrow.compute"])


@contextmanager
def killed_at_the_end(work: Callable[[Path, Semaphore], None], path: Path) -> Iterator[Semaphore]:
    """A process that works at the file and is killed at the end; it says by the semaphore how far it is."""
    steps = _processes.Semaphore(0)
    process = _processes.Process(target=work, args=(path, steps))
    process.start()
    try:
        assert steps.acquire(timeout=60), "the process did not start"
        yield steps
    finally:
        process.kill()
        process.join()
        process.close()


def land_for_ever(path: Path, steps: Semaphore) -> None:
    """Batch after batch; a step before each."""
    warehouse = DuckDbWarehouse(path)
    known = warehouse.positions().get(TOPIC.name)
    at = known.next_offsets[0] if known else None
    while True:
        first = at or 0
        next_batch = batch(landing(first, first + BATCH_ROWS, at))
        steps.release()
        warehouse.land(next_batch, "process")
        at = first + BATCH_ROWS


def bloat(file: DuckDbFile) -> None:
    """Leave free blocks in the middle of the file; at its end DuckDB would cut them off."""
    for statement in (
        "create table ops.ballast as select random() as x from range(1000000)",
        "create or replace table ops.behind_it as select range as x from range(10000)",
        "drop table ops.ballast",
    ):
        with file.writing() as connection:
            connection.execute(statement)


def shrink_for_ever(path: Path, steps: Semaphore) -> None:
    """Makes the file large and small again; a step before it is made small."""
    shrink.WORTH_BYTES = 1
    while True:
        bloat(DuckDbFile(path))
        steps.release()
        shrink.shrink(DuckDbFile(path))


def restore_for_ever(path: Path, steps: Semaphore) -> None:
    """The backup in the folder `backup`, again and again; a step before each."""
    settings = Settings(tickhouse_home=path.parent)
    while True:
        steps.release()
        restore(settings, path.parent / "backup")
