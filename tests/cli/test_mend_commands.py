"""`tickhouse replay` and `tickhouse repair`."""

from pathlib import Path

import pytest

from ingest.kafka.topic_admin import ensure_topics
from ingest.services import ports
from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse
from tests.support.other_side import OtherSide, numbered
from tests.warehouse.batches import RAW, batch, landing


@pytest.fixture
def warehouse(tmp_path: Path) -> DuckDbWarehouse:
    """Three batches of ten messages, published within 30 ms on 2023-11-14 at 22:13:20."""
    made = DuckDbWarehouse(tmp_path / "warehouse.duckdb")
    made.migrate()
    for first in (0, 10, 20):
        made.land(batch(landing(first, first + 10, first or None)), None)
    return made


def replays(warehouse: DuckDbWarehouse) -> list[tuple]:
    with warehouse.file.reading() as connection:
        return connection.execute(
            "select replay_first_batch_id, replay_last_batch_id from ops.batches where kind = 'replay'"
        ).fetchall()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], (1, 3)),
        (["--batches", "2"], (2, 2)),
        (["--batches", "2-3"], (2, 3)),
        (["--from", "2023-11-14", "--to", "2023-11-15"], (1, 3)),
    ],
)
def test_replay_names_what_counts_as_new(tickhouse, warehouse, arguments, expected):
    result = tickhouse("replay", "--topic", "binance.trades", *arguments)

    assert result.exit_code == 0, result.stderr
    assert replays(warehouse) == [expected]
    assert "as batch 4" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        (["--topic", "binance.trades", "--from", "2030-01-01"], 1, "nothing to replay"),
        (["--topic", "binance.trades", "--batches", "7-9"], 1, "nothing to replay"),
        (["--topic", "binance.trades", "--batches", "one"], 2, "a number"),
        (["--topic", "nonsense"], 1, "binance.trades"),
    ],
)
def test_replay_of_what_is_not_there(tickhouse, warehouse, arguments, exit_code, message):
    result = tickhouse("replay", *arguments)

    assert result.exit_code == exit_code
    assert message in result.stderr
    assert replays(warehouse) == []


def test_repair_lands_what_raw_lacks(tickhouse, own_broker, tmp_path):
    """On a broker of its own: the command takes the topics of the topic table."""
    environment = {"KAFKA_BOOTSTRAP_SERVERS": own_broker.bootstrap}
    ensure_topics(own_broker.settings)
    other_side = OtherSide(own_broker.settings)
    other_side.publish("binance.trades", numbered(20))
    other_side.close()
    assert tickhouse("drain", "--topic", "binance.trades", **environment).exit_code == 0
    warehouse = DuckDbWarehouse(tmp_path / "warehouse.duckdb")
    with warehouse.open() as connection:
        connection.execute(f"delete from {RAW} where kafka_offset in (3, 4, 11)")

    result = tickhouse("repair", **environment)

    assert result.exit_code == 0, result.stderr
    assert "binance.trades[0] [0, 20): 3 rows missing: 3 landed" in result.stdout
    assert "3 messages landed" in result.stdout
    assert "0 messages landed" in tickhouse("repair", **environment).stdout


def test_repair_where_nothing_is_missing_needs_no_broker(tickhouse, warehouse):
    nobody = f"{ports.LOOPBACK}:{ports.free_port()}"

    result = tickhouse("repair", KAFKA_BOOTSTRAP_SERVERS=nobody)

    assert result.exit_code == 0, result.stderr


def test_repair_without_a_broker_says_so(tickhouse, warehouse):
    with warehouse.open() as connection:
        connection.execute(f"delete from {RAW} where kafka_offset = 3")
    nobody = f"{ports.LOOPBACK}:{ports.free_port()}"

    result = tickhouse("repair", KAFKA_BOOTSTRAP_SERVERS=nobody)

    assert result.exit_code == 1
    assert "No Kafka broker answers" in result.stderr
