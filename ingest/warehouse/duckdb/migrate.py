"""Brings the file's `ops` schema up to date."""

import duckdb

from ingest.warehouse.migrations import newer_than, numbered


def migrations() -> list[tuple[int, str]]:
    """(version, SQL) of every migration, in order."""
    return numbered("ingest.warehouse.duckdb")


def apply_migrations(connection: duckdb.DuckDBPyConnection) -> None:
    """Apply what this file lacks, one transaction each."""
    connection.execute("create schema if not exists ops")
    connection.execute(
        "create table if not exists ops.schema_versions (version integer primary key, applied_at timestamp)"
    )
    for version, sql in newer_than(schema_version(connection), migrations()):
        connection.execute("begin")
        connection.execute(sql)
        connection.execute("insert into ops.schema_versions values (?, now()::timestamp)", [version])
        connection.execute("commit")


def schema_version(connection: duckdb.DuckDBPyConnection) -> int:
    row = connection.execute("select coalesce(max(version), 0) from ops.schema_versions").fetchone()
    return row[0] if row else 0
