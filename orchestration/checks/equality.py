"""Are the incremental tables what a rebuild gives? Tried on a copy, so that nothing waits for the answer.

warehouse ─ copy ─▶ incremental (what is pending is built)
                        └─ copy ─▶ rebuilt (everything is built anew) ─▶ EXCEPT ALL, both ways
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import duckdb
from dagster_duckdb import DuckDBResource

from ingest.core.settings import Settings
from ingest.warehouse.duckdb.file import quoted
from ingest.warehouse.engine import copies_of
from orchestration.dbt.environment import DBT_DIR, dbt_environment

# They tell when and in which batch a row was built, which a rebuild does not repeat.
NOT_COMPARED = ("batch_id", "landed_at")


def differences_to_rebuild(settings: Settings, relations: Iterable[str]) -> Mapping[str, int]:
    """Rows that are in only one of the two, for each relation (schema.name)."""
    with tempfile.TemporaryDirectory(prefix="audit-", dir=settings.tickhouse_home) as folder:
        incremental, rebuilt = Path(folder) / "incremental", Path(folder) / "rebuilt"
        incremental.mkdir()
        rebuilt.mkdir()
        copies_of(settings).make(settings, incremental / "warehouse.duckdb")
        dbt_run(incremental)
        shutil.copyfile(incremental / "warehouse.duckdb", rebuilt / "warehouse.duckdb")
        dbt_run(rebuilt, "--full-refresh")
        # The stock resource: nobody else wants these copies, so no lock is needed.
        with DuckDBResource(database=str(rebuilt / "warehouse.duckdb")).get_connection() as connection:
            source = quoted(incremental / "warehouse.duckdb")
            connection.execute(f"attach '{source}' as incremental (read_only)")
            return {relation: _differences(connection, relation) for relation in relations}


def dbt_run(home: Path, *arguments: str) -> None:
    dbt = str(Path(sys.executable).parent / "dbt")
    where = ["--project-dir", str(DBT_DIR), "--profiles-dir", str(DBT_DIR), "--no-write-json"]
    environment = {**dbt_environment(), "TICKHOUSE_HOME": str(home)}
    subprocess.run([dbt, "--quiet", "run", *arguments, *where], check=True, env=environment)


def _differences(connection: duckdb.DuckDBPyConnection, relation: str) -> int:
    columns = [row[0] for row in connection.execute(f"describe {relation}").fetchall()]
    kept = ", ".join(column for column in columns if column not in NOT_COMPARED)
    here, there = f"select {kept} from {relation}", f"select {kept} from incremental.{relation}"
    row = connection.execute(
        f"""select (select count(*) from ({here} except all {there}))
                 + (select count(*) from ({there} except all {here}))"""
    ).fetchone()
    return row[0] if row else 0
