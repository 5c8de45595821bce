"""The schemas, tables and the stage in Snowflake: what there must be, and making what is missing."""

from importlib import resources

from snowflake.connector.cursor import SnowflakeCursor

from ingest.core.settings import Settings
from ingest.core.topics import TOPICS

RAW_COLUMNS = """
    kafka_topic varchar, topic_life integer, kafka_partition integer, kafka_offset integer,
    key varchar, key_bytes binary, published_at timestamp_ntz(6), received_at timestamp_ntz(6),
    headers array, payload varchar, payload_bytes binary, landed_at timestamp_ntz(6), batch_id integer
"""


def statements() -> list[str]:
    """All of them, in order; each may run again."""
    text = resources.files("ingest.warehouse.snowflake").joinpath("objects.sql").read_text()
    lines = [line for line in text.splitlines() if not line.startswith("--")]
    found = [part.strip() for part in "\n".join(lines).split(";")]
    raw = [f"create table if not exists raw.{topic.raw_table} ({RAW_COLUMNS})" for topic in TOPICS]
    return [part for part in found if part] + raw


def account_script(settings: Settings) -> str:
    """What an administrator runs once: database, warehouse, roles and their grants."""
    text = resources.files("ingest.warehouse.snowflake").joinpath("account.sql").read_text()
    return text.format(
        database=settings.snowflake_database or "tickhouse",
        warehouse=settings.snowflake_warehouse or "tickhouse",
        user=settings.snowflake_user or "tickhouse",
    )


def missing(cursor: SnowflakeCursor) -> set[str]:
    """Tables that are not there. One question: it costs no compute, and a loader need not own a schema."""
    cursor.execute(
        """select lower(table_schema) || '.' || lower(table_name) from information_schema.tables
           where table_schema in ('RAW', 'OPS')"""
    )
    there = {row[0] for row in cursor.fetchall()}
    wanted = [part.split()[5] for part in statements() if part.startswith("create table")]
    return set(wanted) - there


def make_missing(cursor: SnowflakeCursor) -> set[str]:
    """What was missing, and is there now."""
    found = missing(cursor)
    if found:
        for statement in statements():
            cursor.execute(statement)
    return found
