"""dbt models as the keepers of the warehouse see them, without dbt."""

from dataclasses import replace

from ingest.warehouse.models import Model
from tests.warehouse.batches import TOPIC


def model(name: str, **fields: object) -> Model:
    """A table of trades that ages by their event time."""
    plain = Model(
        f"model.tickhouse.{name}",
        "marts",
        name,
        is_view=False,
        columns=frozenset({"event_at"}),
        topics=frozenset({TOPIC.name}),
        driving_topic=TOPIC.name,
        ages_by="event_at",
    )
    return replace(plain, **fields)
