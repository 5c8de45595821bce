"""One way to read the bench's topic, in this process: `python -m tests.bench.drain_subjects bare|drain`.

The client is the settings' (KAFKA_CLIENT), for the bare consumer with the very options of our drain.
Prints {"messages": …, "seconds": …}, timed from connecting to the last message, or the last commit.
"""

import gc
import json
import sys
import time
from pathlib import Path

import pandas  # noqa: F401 - pyarrow loads it with its first array; here it is an import like the others

from ingest.core.settings import Settings, load_settings
from ingest.core.topics import BY_NAME
from ingest.drain.drain import Drain
from ingest.kafka.chunks import FETCH_MESSAGES
from ingest.kafka.kafka_python_fetcher import CONSUMER, POLL_MS
from ingest.kafka.open import open_log
from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse

TOPIC = BY_NAME["binance.trades"]


def ends(settings: Settings) -> dict[int, int]:
    log = open_log(settings)
    found = {number: bounds.end for number, bounds in log.states([TOPIC.name])[TOPIC.name].bounds.items()}
    log.close()
    return found


def kafka_python_bare(settings: Settings, expected: int) -> int:
    """Nothing but the poll loop, counting; with kafka-python's own batches."""
    from kafka import KafkaConsumer, TopicPartition
    from kafka.record import default_records, memory_records

    from ingest.kafka.connect import connect

    memory_records.DefaultRecordBatch = default_records.DefaultRecordBatch  # pyright: ignore[reportAttributeAccessIssue]
    consumer = connect(settings, KafkaConsumer, **CONSUMER)
    partitions = [TopicPartition(TOPIC.name, number) for number in range(TOPIC.partitions)]
    consumer.assign(partitions)
    consumer.seek_to_beginning(*partitions)
    count = 0
    while count < expected:
        count += sum(map(len, consumer.poll(POLL_MS, FETCH_MESSAGES).values()))
    consumer.close()
    return count


def confluent_bare(settings: Settings, expected: int) -> int:
    from confluent_kafka import Consumer, Message, TopicPartition

    from ingest.kafka.connection import confluent_options

    own = {"group.id": "bench", "enable.auto.commit": False, "check.crcs": True}
    consumer = Consumer({**confluent_options(settings), **own})
    consumer.assign([TopicPartition(TOPIC.name, number, 0) for number in range(TOPIC.partitions)])
    count = 0
    while count < expected:
        fetched = consumer.consume(FETCH_MESSAGES, POLL_MS / 1000)
        count += sum(error is None for error in map(Message.error, fetched))
    consumer.close()
    return count


def drain(settings: Settings, expected: int) -> int:
    """Into the warehouse that the environment names; it must be a fresh one."""
    warehouse = DuckDbWarehouse(settings.warehouse_path)
    with Drain(lambda: open_log(settings), warehouse, [TOPIC]) as draining:
        count = sum(landed.row_count for landed in draining.run_once())
    assert count == expected, (count, expected)
    return count


def main(subject: str) -> None:
    settings = load_settings()
    expected = sum(ends(settings).values())
    bare = {"kafka-python": kafka_python_bare, "confluent": confluent_bare}[settings.kafka_client]
    read = {"bare": bare, "drain": drain}[subject]
    if subject == "bare":
        gc.disable()  # it would walk the messages over and over
    if subject == "drain":
        Path(settings.tickhouse_home).mkdir(parents=True)
        DuckDbWarehouse(settings.warehouse_path).migrate()
    began = time.monotonic()
    count = read(settings, expected)
    said = {"messages": count, "seconds": time.monotonic() - began}
    sys.stdout.write(json.dumps(said) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
