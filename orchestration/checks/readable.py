"""Can what the topics hold be read? The loop knows it from its own reading; by hand it is asked of Kafka."""

from collections.abc import Iterator, Mapping

import dagster as dg

from ingest.core.errors import BrokerUnavailable, TickhouseError
from ingest.core.settings import load_settings
from ingest.core.topics import BY_RAW_TABLE, TOPICS
from ingest.drain.drain import Drain
from ingest.kafka.open import open_log
from orchestration.escaping import as_block
from orchestration.keys import READABLE, raw_key
from orchestration.resources import WarehouseResource


@dg.multi_asset_check(
    specs=[
        dg.AssetCheckSpec(
            READABLE,
            asset=raw_key(topic.raw_table),
            description="Kafka holds no messages of the topic that cannot be taken apart; it says which.",
        )
        for topic in TOPICS
    ],
    name="topics_readable",
    can_subset=True,
)
def readable_checks(
    context: dg.AssetCheckExecutionContext, database: WarehouseResource
) -> Iterator[dg.AssetCheckResult]:
    """Reads the next batch of each topic, and lands nothing."""
    settings = load_settings()
    keys = {BY_RAW_TABLE[key.asset_key.path[-1]].name: key for key in context.selected_asset_check_keys}
    topics = [topic for topic in TOPICS if topic.name in keys]
    troubles: Mapping[str, TickhouseError]
    try:
        with Drain(lambda: open_log(settings), database.warehouse, topics) as drain:
            drain.fetch()
            troubles = drain.troubles
    except BrokerUnavailable as error:
        troubles = dict.fromkeys(keys, error)
    for name, key in keys.items():
        error = troubles.get(name)
        is_away = isinstance(error, BrokerUnavailable)
        yield dg.AssetCheckResult(
            asset_key=key.asset_key,
            check_name=key.name,
            passed=error is None,
            severity=dg.AssetCheckSeverity.WARN if is_away else dg.AssetCheckSeverity.ERROR,
            description=None if error is None else as_block(str(error)),
        )


def defs() -> dg.Definitions:
    return dg.Definitions(asset_checks=[readable_checks])
