"""What an administrator runs once: database, warehouse, roles and their grants."""

from importlib import resources

from ingest.core.settings import Settings


def account_script(settings: Settings) -> str:
    text = resources.files("ingest.warehouse.snowflake").joinpath("account.sql").read_text()
    return text.format(
        database=settings.snowflake_database or "tickhouse",
        warehouse=settings.snowflake_warehouse or "tickhouse",
        user=settings.snowflake_user or "tickhouse",
    )
