"""A dlt pipeline from the topic to DuckDB, its items shaped as dlt's verified Kafka source shapes them.

python dlt_pipeline.py BOOTSTRAP TOPIC MESSAGES FOLDER
"""

# pyright: reportMissingImports=false

import json
import os
import sys
import time
from collections.abc import Iterator
from typing import Any

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"

import dlt
from dlt.common.time import ensure_pendulum_datetime
from dlt.common.utils import digest128
from kafka import KafkaConsumer, TopicPartition

BATCH = 3000  # the verified source's default


def item(record: Any) -> dict[str, Any]:
    key = None if record.key is None else record.key.decode()
    return {
        "_kafka": {
            "partition": record.partition,
            "topic": record.topic,
            "key": key,
            "offset": record.offset,
            "ts": {
                "type": record.timestamp_type,
                "value": ensure_pendulum_datetime(record.timestamp / 1e3),
            },
            "data": record.value.decode(),
        },
        "_kafka_msg_id": digest128(f"{record.topic}{record.partition}{key}"),
    }


@dlt.resource(name="kafka_messages", write_disposition="append")
def messages(bootstrap: str, topic: str, count: int) -> Iterator[list[dict[str, Any]]]:
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic)]
    consumer.assign(partitions)
    consumer.seek_to_beginning(*partitions)
    while count > 0:
        polled = consumer.poll(3000, min(BATCH, count))
        batch = [item(record) for records in polled.values() for record in records]
        count -= len(batch)
        yield batch
    consumer.close()


def main(bootstrap: str, topic: str, count: int, folder: str) -> None:
    pipeline = dlt.pipeline(
        "bench",
        destination=dlt.destinations.duckdb(f"{folder}/dlt.duckdb"),
        dataset_name="raw",
        pipelines_dir=f"{folder}/pipelines",
    )
    began = time.monotonic()
    pipeline.run(messages(bootstrap, topic, count))
    seconds = time.monotonic() - began
    with pipeline.sql_client() as client:
        ((landed,),) = client.execute_sql("select count(*) from kafka_messages")
    assert landed == count, (landed, count)
    sys.stdout.write(json.dumps({"messages": landed, "seconds": seconds}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])
