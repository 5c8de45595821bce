"""The embedded broker of the bench with one full topic, made once and kept for the next time."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ingest.core.message import Message, feed_headers
from ingest.core.settings import Settings
from ingest.core.topics import Topic
from ingest.kafka.open import open_log, open_publisher
from ingest.kafka.topic_admin import ensure_topics
from ingest.services import broker, ports
from tests.bench.figures import Bench

SYMBOLS = ("BTCUSDT", "ETHUSDT", "ADAUSDT", "SHIBUSDT")
START_MS = 1_767_225_600_000


@contextmanager
def full_topic(bench: Bench, topic: Topic, count: int) -> Iterator[Settings]:
    """Settings that lead to a running broker whose topic holds exactly so many messages."""
    settings = Settings(
        tickhouse_home=bench.home / f"broker_{count}",
        kafka_bootstrap_servers=None,
        embedded_kafka_port=ports.free_port(),
    )
    broker.start(settings)
    try:
        ensure_topics(settings, [topic])
        there = _message_count(settings, topic)
        if there < count:
            bench.say(f"filling {topic.name} with {count - there:,} messages")
            _fill(settings, topic, there, count)
        yield settings
    finally:
        broker.stop(settings)


def _message_count(settings: Settings, topic: Topic) -> int:
    log = open_log(settings)
    bounds = log.states([topic.name])[topic.name].bounds.values()
    log.close()
    return sum(each.end - each.start for each in bounds)


def _fill(settings: Settings, topic: Topic, first: int, end: int) -> None:
    fast = settings.model_copy(update={"kafka_client": "confluent"})
    with open_publisher(fast) as publisher:
        for number in range(first, end):
            publisher.publish(_trade(topic, number))


def _trade(topic: Topic, number: int) -> Message:
    """About 200 bytes, as a combined stream sends a trade, and four headers."""
    symbol = SYMBOLS[number % len(SYMBOLS)]
    at = START_MS + number
    payload = (
        f'{{"stream":"{symbol.lower()}@trade","data":{{"e":"trade","E":{at + 1},"s":"{symbol}",'
        f'"t":{3_000_000_000 + number},"p":"{61_832 + number % 997}.{number % 100:02}000000",'
        f'"q":"0.{number % 99_991:05}000","b":{7_000_000_000 + number},"a":{7_100_000_000 + number},'
        f'"T":{at},"m":{"true" if number % 3 else "false"},"M":true}}}}'
    )
    headers = feed_headers("binance", symbol, "trade", at * 1_000_000)
    return Message(topic.name, symbol.encode(), payload.encode(), headers)


def scratch(bench: Bench, name: str) -> Path:
    """A folder's path that nobody has used yet."""
    number = 0
    while (path := bench.home / f"{name}_{number}").exists():
        number += 1
    return path
