"""Comments on tables that say other than the project does now: written anew, once for each plan.

Snowflake's are written when dbt builds there (macros/engine/comments.sql).
"""

from collections.abc import Sequence

from ingest.warehouse.connection import Connection, transaction
from orchestration.dbt.plan import PlannedModel, Rewrite

FOUND = """
    select schema_name || '.' || table_name, string_agg(coalesce(comment, ''), ' | ' order by name)
    from (
        select schema_name, table_name, '' as name, comment from duckdb_tables()
        union all
        select schema_name, table_name, lower(column_name), comment from duckdb_columns()
    )
    group by all
"""
"""As macros/engine/comments.sql asks it of one table."""


def renew_comments(connection: Connection, models: Sequence[PlannedModel]) -> None:
    """Of tables; a view gets its own each time that it is made."""
    tables = {model.relation: model.statements for model in models if isinstance(model.statements, Rewrite)}
    if not tables:
        return
    found = dict(connection.execute(FOUND).fetchall())
    stale = [table for relation, table in tables.items() if found.get(relation) not in (None, table.comments)]
    if stale:
        with transaction(connection):
            for table in stale:
                connection.execute(table.set_comments)
