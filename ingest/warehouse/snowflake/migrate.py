"""Brings the schemas, tables and the stage in Snowflake up to date.

Its DDL commits by itself, so that no migration is one transaction: a migration is noted when all of it is
done, and each of its statements may run again.
"""

from collections.abc import Iterator

from snowflake.connector.cursor import SnowflakeCursor

from ingest.core.topics import TOPICS
from ingest.warehouse.migrations import newer_than, numbered

VERSIONS = "create table if not exists ops.schema_versions (version integer, applied_at timestamp_ntz(6))"
RAW_COLUMNS = """
    kafka_topic varchar, topic_life integer, kafka_partition integer, kafka_offset integer,
    key varchar, key_bytes binary, published_at timestamp_ntz(6), received_at timestamp_ntz(6),
    headers array, payload varchar, payload_bytes binary, landed_at timestamp_ntz(6), batch_id integer
"""


def apply_migrations(cursor: SnowflakeCursor) -> set[str]:
    """What was missing, and is there now. Where nothing is, two questions that cost no compute are all:
    a loader need not own a schema."""
    there = _tables(cursor)
    version = schema_version(cursor) if "ops.schema_versions" in there else 0
    lacking = newer_than(version, migrations())
    for number, sql in lacking:
        for statement in [*_statements(sql), *_noted(number)]:
            cursor.execute(statement)
    missing_raw = {table for table in _raw_tables() if table not in there}
    for table in sorted(missing_raw):
        cursor.execute(_raw_table(table))
    return missing_raw | {f"schema version {number}" for number, _ in lacking}


def migrations() -> list[tuple[int, str]]:
    """(version, SQL) of every migration, in order."""
    return numbered("ingest.warehouse.snowflake")


def schema_version(cursor: SnowflakeCursor) -> int:
    cursor.execute("select coalesce(max(version), 0) from ops.schema_versions")
    [(version,)] = cursor.fetchall()
    return int(version)


def statements() -> list[str]:
    """All that a new database is sent, in order."""
    made = [statement for number, sql in migrations() for statement in [*_statements(sql), *_noted(number)]]
    return [*made, *(_raw_table(table) for table in _raw_tables())]


def _statements(sql: str) -> Iterator[str]:
    code = "\n".join(line for line in sql.splitlines() if not line.startswith("--"))
    return (part.strip() for part in code.split(";") if part.strip())


def _noted(version: int) -> list[str]:
    note = f"""insert into ops.schema_versions select {version}, sysdate()
        where not exists (select 1 from ops.schema_versions where version = {version})"""
    return [VERSIONS, note]


def _raw_tables() -> list[str]:
    return [f"raw.{topic.raw_table}" for topic in TOPICS]


def _raw_table(table: str) -> str:
    return f"create table if not exists {table} ({RAW_COLUMNS})"


def _tables(cursor: SnowflakeCursor) -> set[str]:
    cursor.execute(
        """select lower(table_schema) || '.' || lower(table_name) from information_schema.tables
           where table_schema in ('RAW', 'OPS')"""
    )
    return {row[0] for row in cursor.fetchall()}
