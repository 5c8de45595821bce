"""Brings a warehouse's `ops` schema up to date: numbered SQL files, each applied once."""

from importlib import resources

import duckdb

from ingest.core.errors import NeedsAttention


def migrations() -> list[tuple[int, str]]:
    """(version, SQL) of every migration, in order."""
    files = resources.files("ingest.warehouse.duckdb").joinpath("migrations").iterdir()
    found = [(int(file.name.split("_")[0]), file.read_text()) for file in files if file.name.endswith(".sql")]
    return sorted(found)


def apply_migrations(connection: duckdb.DuckDBPyConnection) -> None:
    """Apply what this file lacks, one transaction each."""
    connection.execute("create schema if not exists ops")
    connection.execute(
        "create table if not exists ops.schema_versions (version integer primary key, applied_at timestamp)"
    )
    current = schema_version(connection)
    known = migrations()
    if current > known[-1][0]:
        raise NeedsAttention(
            f"The warehouse has schema version {current}, this Tickhouse knows {known[-1][0]}: a newer "
            "Tickhouse wrote it. Upgrade, or restore a backup made by this version."
        )
    for version, sql in known:
        if version > current:
            connection.execute("begin")
            connection.execute(sql)
            connection.execute("insert into ops.schema_versions values (?, now()::timestamp)", [version])
            connection.execute("commit")


def schema_version(connection: duckdb.DuckDBPyConnection) -> int:
    row = connection.execute("select coalesce(max(version), 0) from ops.schema_versions").fetchone()
    return row[0] if row else 0
