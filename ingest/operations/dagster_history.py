"""Dagster's history in SQLite, before anybody may ask it.

The first process that opens it makes it; two that do so at once make the second one fail.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

FILES = ("history/runs.db", "history/runs/index.db", "schedules/schedules.db")
"""Each says in its last step of being made which version it is."""


def is_made(dagster_home: Path) -> bool:
    """False also where it is kept elsewhere, as in PostgreSQL."""
    return all(_has_version(dagster_home / file) for file in FILES)


def _has_version(file: Path) -> bool:
    if not file.exists():
        return False
    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as connection:
            return connection.execute("select version_num from alembic_version").fetchone() is not None
    except sqlite3.OperationalError:
        return False
