"""Runs the project for Snowflake without one: writes down each statement that dbt would send.

    python -m tests.dbt.snowflake_recorder PROJECT TARGET first|again [FAILS [OPTION ...]]  ─▶  [statement]

`first` answers as an empty account does, `again` as one where every model was built before. What begins with
FAILS is refused.
"""

import json
import re
import sys
from collections.abc import Callable
from typing import Any

import agate
from dbt.adapters.contracts.connection import AdapterResponse, Connection, ConnectionState
from dbt.adapters.snowflake.connections import SnowflakeConnectionManager
from dbt.adapters.snowflake.impl import SnowflakeAdapter
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest
from dbt_common.exceptions import DbtDatabaseError

SENT: list[str] = []
Answer = tuple[AdapterResponse, agate.Table]


def record(project: str, target: str, moment: str, fails: str = "-", *options: str) -> None:
    where = ["--project-dir", project, "--profiles-dir", project, "--target-path", target]
    quiet = ["--quiet", "--no-populate-cache", "--log-level-file", "none", "--target", "snowflake"]
    manifest = dbtRunner().invoke(["parse", *where, *quiet]).result
    assert isinstance(manifest, Manifest)
    SnowflakeConnectionManager.open = classmethod(_open)  # type: ignore[method-assign]
    SnowflakeConnectionManager.execute = _answering(manifest, moment, fails)  # type: ignore[method-assign]
    SnowflakeAdapter.list_schemas = lambda *_: []  # type: ignore[method-assign]
    SnowflakeAdapter.get_column_schema_from_query = lambda *_: []  # type: ignore[method-assign]
    outcome = dbtRunner(manifest=manifest).invoke(["run", *where, *quiet, *options])
    assert outcome.success or fails != "-", outcome.exception or outcome.result
    json.dump(SENT, sys.stdout)


def _open(_manager: type, connection: Connection) -> Connection:
    connection.state = ConnectionState.OPEN
    connection.handle = object()
    return connection


def _answering(manifest: Manifest, moment: str, fails: str) -> Callable[..., Answer]:
    def execute(_manager: object, sql: str, *_: object, **__: object) -> Answer:
        asked = re.search(r"from ops.rebuilds_due\s+where model = '(.*?)'", sql)
        SENT.append(sql)
        if sql.strip().startswith(fails):
            raise DbtDatabaseError("planted")
        rows: list[Any] = [1, 1]  # nobody asks for more columns than two
        if asked:
            columns = " ".join(manifest.nodes[asked[1]].columns)
            rows = [None, 0, None, None] if moment == "first" else [5, 0, columns, "of another day"]
        names = [f"column_{number}" for number, _ in enumerate(rows)]
        types = [agate.Text() if isinstance(value, str) else agate.Number() for value in rows]
        return AdapterResponse("SUCCESS", rows_affected=1), agate.Table([rows], names, types)

    return execute


if __name__ == "__main__":
    record(*sys.argv[1:])
