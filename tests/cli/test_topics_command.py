"""`tickhouse topics`."""

import csv
import io
import json

from ingest.core.topics import TOPICS
from ingest.services import ports


def test_create_then_list_as_json(tickhouse, broker):
    result = tickhouse("topics", "--create", "--format", "json", KAFKA_BOOTSTRAP_SERVERS=broker.bootstrap)

    assert result.exit_code == 0, result.stderr
    rows = json.loads(result.stdout)
    assert [row["topic"] for row in rows] == [topic.name for topic in TOPICS]
    assert {row["on_broker"] for row in rows} == {"yes"}
    assert rows[0]["raw_table"] == "raw.binance_trades"


def test_without_a_broker_the_table_is_still_shown(tickhouse):
    nobody = f"{ports.LOOPBACK}:{ports.free_port()}"

    result = tickhouse("topics", "--format", "csv", KAFKA_BOOTSTRAP_SERVERS=nobody)

    assert result.exit_code == 0
    assert {row["on_broker"] for row in csv.DictReader(io.StringIO(result.stdout))} == {"unknown"}
    assert f"No Kafka broker answers at {nobody}" in result.stderr


def test_creating_without_a_broker_fails(tickhouse):
    nobody = f"{ports.LOOPBACK}:{ports.free_port()}"

    result = tickhouse("topics", "--create", KAFKA_BOOTSTRAP_SERVERS=nobody)

    assert result.exit_code == 1
    assert "A rerun can help." in result.stderr


def test_the_table_for_people_says_what_a_topic_carries(tickhouse, broker):
    result = tickhouse("topics", KAFKA_BOOTSTRAP_SERVERS=broker.bootstrap)

    assert result.exit_code == 0
    for topic in TOPICS:
        assert topic.name in result.stdout
        assert topic.description in result.stdout
