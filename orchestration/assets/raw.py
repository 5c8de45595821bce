"""Raw tables as assets. The micro-batch run lands them; materialising one by hand drains its topic once."""

import dagster as dg

from ingest.core.settings import load_settings
from ingest.core.topics import TOPICS, Topic
from ingest.drain.drain import Drain
from ingest.kafka.open import open_log
from orchestration.data_versions import CURRENT
from orchestration.keys import OWNERS, POOL, raw_key, topic_key
from orchestration.preview.tables import newest_rows
from orchestration.resources import WarehouseResource, warehouse_resource


def raw_asset(topic: Topic) -> dg.AssetsDefinition:
    @dg.asset(
        key=raw_key(topic.raw_table),
        deps=[topic_key(topic)],
        description=f"{topic.description} Verbatim, with Kafka's coordinates; kept "
        f"{topic.raw_retention.days} days.",
        group_name="raw",
        kinds={"kafka", load_settings().warehouse},
        owners=OWNERS,
        pool=POOL,
        freshness_policy=dg.FreshnessPolicy.time_window(fail_window=topic.fresh_within * 5),
    )
    def raw(context: dg.AssetExecutionContext, database: WarehouseResource) -> dg.MaterializeResult:
        settings = load_settings()
        warehouse = database.warehouse
        warehouse.migrate()
        with Drain(lambda: open_log(settings), warehouse, [topic], run_id=context.run_id) as drain:
            landed = list(drain.run_once())
            lag = drain.lag().get(topic.name, 0)
        context.log_event(dg.AssetObservation(topic_key(topic), metadata={"lag": lag}))
        with warehouse.reading() as connection:
            preview = newest_rows(connection, raw_key(topic.raw_table))
        return dg.MaterializeResult(
            metadata={
                "rows": sum(batch.row_count for batch in landed),
                "batches": len(landed),
                "newest": preview,
            },
            data_version=CURRENT,
        )

    return raw


def defs() -> dg.Definitions:
    return dg.Definitions(
        assets=[raw_asset(topic) for topic in TOPICS], resources={"database": warehouse_resource()}
    )
