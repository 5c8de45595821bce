"""`tickhouse topics consume`: the messages of a topic, whatever is in them, where somebody wants to look."""

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from kafka import KafkaProducer

from ingest.cli.json_text import broken_json
from ingest.core.topics import Topic
from tests.cli.conftest import Run
from tests.conftest import TopicFactory
from tests.support.broker import OwnBroker

EVIL = "\x1b[2J\u202e"
Consume = Callable[..., Any]


@pytest.fixture
def topic(topic_factory: TopicFactory, broker: OwnBroker) -> Topic:
    """Ten trades in turn in two partitions, then what is none."""
    topic = topic_factory(partitions=2)
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap)
    for number in range(10):
        payload = f'{{"n": {number}, "p": 1.10, "p": 2}}'.encode()
        headers = [("venue", b"simulated"), ("odd", b"\xff")]
        producer.send(topic.name, payload, b"BTCUSDT", headers, partition=number % 2).get(10)
    for payload in (b"\xff\x00", EVIL.encode(), None):
        producer.send(topic.name, payload, b"\xfe", partition=0).get(10)
    producer.close()
    return topic


@pytest.fixture
def consume(tickhouse: Run, topic: Topic, broker: OwnBroker) -> Consume:
    def run(*options: str) -> Any:
        return tickhouse("topics", "consume", topic.name, *options, KAFKA_BOOTSTRAP_SERVERS=broker.bootstrap)

    return run


def as_json(done: Any) -> list[dict[str, Any]]:
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_the_newest_of_all_partitions_in_their_order(consume: Consume) -> None:
    found = as_json(consume("-n", "4", "--format", "json"))
    assert [(one["partition"], one["offset"]) for one in found] == [(1, 4), (0, 5), (0, 6), (0, 7)]
    assert len(as_json(consume("-n", "1000", "--format", "json"))) == 13


def test_all_of_a_message_comes_through(consume: Consume, topic: Topic) -> None:
    first, *_, bytes_only, evil, tombstone = as_json(consume("--from", "start", "--format", "json"))
    assert (first["topic"], first["partition"], first["offset"]) == (topic.name, 0, 0)
    assert first["payload"] == '{"n": 0, "p": 1.10, "p": 2}'
    assert first["key"] == "BTCUSDT"
    assert first["headers"] == [
        {"name": "venue", "value": "simulated"},
        {"name": "odd", "value": None, "value_hex": "ff"},
    ]
    assert (bytes_only["payload"], bytes_only["payload_hex"]) == (None, "ff00")
    assert bytes_only["key_hex"] == "fe"
    assert evil["payload"] == EVIL
    assert tombstone["payload"] is None
    assert "payload_hex" not in tombstone


def test_from_an_offset_a_time_and_the_end(consume: Consume) -> None:
    found = as_json(consume("--from", "3", "-n", "3", "--partition", "1", "--format", "json"))
    assert [one["offset"] for one in found] == [3, 4]
    third = as_json(consume("--from", "start", "--partition", "1", "--format", "json"))[2]
    since = as_json(consume("--from", third["timestamp"], "--partition", "1", "--format", "json"))
    assert [one["offset"] for one in since] == [2, 3, 4]
    assert "no message" in consume("--from", "end").stderr
    assert "no message" in consume("--from", "2100-01-01").stderr


def test_people_see_json_in_lines_and_nothing_steers_their_terminal(consume: Consume, topic: Topic) -> None:
    shown = consume("--from", "start").stdout
    assert f"{topic.name} [0] 0  " in shown
    assert "venue=simulated odd=\\xff" in shown
    assert '{"n": 0, "p": 1.10, "p": 2}' in shown
    assert "(2 bytes, not UTF-8)" in shown
    assert "(no payload: a tombstone)" in shown
    for form in ("table", "csv", "json"):
        assert not set(EVIL[0] + EVIL[-1]) & set(consume("--from", "start", "--format", form).stdout), form


def test_csv_has_a_row_for_each(consume: Consume) -> None:
    rows = list(csv.DictReader(io.StringIO(consume("--from", "start", "--format", "csv").stdout)))
    assert len(rows) == 13
    assert json.loads(rows[0]["headers"]) == {"venue": "simulated", "odd": "\\xff"}


@pytest.mark.parametrize(
    ("options", "words", "code"),
    [
        (["--partition", "9"], "It has 0, 1", 1),
        (["--from", "yesterday"], "an offset, or a time", 2),
        (["-n", "0"], "greater than or equal", 2),
    ],
    ids=str,
)
def test_what_is_not_there_is_said(consume: Consume, options: list[str], words: str, code: int) -> None:
    done = consume(*options)
    assert done.exit_code == code
    assert words in " ".join(done.stderr.split())


def test_a_topic_that_is_not_there_is_said(tickhouse: Run, broker: OwnBroker) -> None:
    done = tickhouse("topics", "consume", "nope", KAFKA_BOOTSTRAP_SERVERS=broker.bootstrap)
    assert done.exit_code == 1
    assert "no topic nope" in done.stderr


def test_json_is_broken_only_where_it_does_not_fit() -> None:
    text = '{"a":[[1.10,2],[3,4]],"b":{"c":null,"a":1e400},"d":"x"}'
    assert broken_json(text, 80) == '{"a": [[1.10, 2], [3, 4]], "b": {"c": null, "a": 1e400}, "d": "x"}'
    assert broken_json(text, 30) == (
        '{\n  "a": [[1.10, 2], [3, 4]],\n  "b": {"c": null, "a": 1e400},\n  "d": "x"\n}'
    )
    assert broken_json("{", 80) is None
    assert broken_json("[" * 100_000, 80) is None
