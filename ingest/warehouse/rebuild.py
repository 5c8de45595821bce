"""Whether everything can be built again from what is still in raw."""

from ingest.core.errors import RebuildRefused
from ingest.core.settings import Settings
from ingest.warehouse.connection import Connection
from ingest.warehouse.models import Model, existing, read_models
from ingest.warehouse.open import open_warehouse


def check_rebuild(settings: Settings) -> None:
    """RebuildRefused if a full refresh would lose rows for good."""
    with open_warehouse(settings) as warehouse, warehouse.reading() as connection:
        was_pruned = connection.execute("select 1 from ops.retention limit 1").fetchone() is not None
        refusals = rebuild_refusals(connection, _made_again()) if was_pruned else []
    if refusals:
        raise RebuildRefused(
            "A rebuild would lose rows for good:\n  " + "\n  ".join(refusals) + "\n"
            "Without --full-refresh they stay; with --force they go."
        )


def _made_again() -> list[Model]:
    """A table that keeps its rows longer than raw is no reason: a rebuild leaves them where they are."""
    return [model for model in read_models() if model.keeps is None]


def rebuild_refusals(connection: Connection, models: list[Model]) -> list[str]:
    """Why not: each table that holds rows whose messages have been pruned."""
    refusals = []
    for model in existing(connection, models):
        if model.ages_by and not model.is_view:
            rows = connection.execute(
                f"""select topic, kept_from, count(*) from {model.relation}
                    inner join ops.retention on topic = {model.topic_of_row} and {model.ages_by} < kept_from
                    group by topic, kept_from order by topic"""
            ).fetchall()
            refusals += [
                f"{model.relation}: {count} rows from before {kept_from}, when {topic} was pruned"
                for topic, kept_from, count in rows
            ]
    return refusals
