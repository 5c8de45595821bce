"""Kafka to Snowflake exactly once: the network may be cut at any statement of a landing."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from ingest.core.errors import WarehouseUnavailable
from ingest.core.settings import Settings
from ingest.core.topics import TOPICS, Topic
from ingest.drain.drain import Drain
from ingest.drain.gathering import Limits
from ingest.kafka.open import open_log
from ingest.warehouse.snowflake import upload as upload_module
from ingest.warehouse.snowflake import warehouse as snowflake_module
from ingest.warehouse.snowflake.warehouse import SnowflakeWarehouse
from snowflake.connector.cursor import SnowflakeCursor
from snowflake.connector.errors import OperationalError
from tests.conftest import TopicFactory
from tests.support.ledger import Ledger
from tests.support.other_side import Sent, numbered

ODD = [Sent(b"\xff\x00", b"\xfe", (("venue", b"\xff"), ("twice", b"1"), ("twice", None))), Sent(None, b"k")]


@pytest.fixture
def topic(topic_factory: TopicFactory) -> Topic:
    return replace(topic_factory(partitions=2), raw_table=TOPICS[0].raw_table)


@pytest.fixture
def warehouse(account: Settings) -> Iterator[SnowflakeWarehouse]:
    opened = SnowflakeWarehouse(account)
    opened.migrate()
    yield opened
    opened.close()


def drain(settings: Settings, warehouse: SnowflakeWarehouse, topic: Topic) -> None:
    with Drain(lambda: open_log(settings), warehouse, [topic], limits=Limits(max_messages=20)) as running:
        list(running.run_once())


def lies_in_raw(warehouse: SnowflakeWarehouse, topic: Topic) -> list[tuple]:
    with warehouse.cursor() as cursor:
        cursor.execute(
            f"""select kafka_partition, kafka_offset, payload, payload_bytes, key, key_bytes, headers
                from raw.{topic.raw_table} order by 1, 2"""
        )
        return [tuple(row) for row in cursor.fetchall()]


def test_whatever_was_sent_lies_in_raw_once_byte_for_byte(
    settings: Settings, warehouse: SnowflakeWarehouse, topic: Topic
) -> None:
    ledger = Ledger(settings)
    ledger.publish(topic.name, [*numbered(45), *ODD], 0)
    ledger.publish(topic.name, numbered(7), 1)
    drain(settings, warehouse, topic)
    drain(settings, warehouse, topic)
    rows = lies_in_raw(warehouse, topic)
    found = {(row[0], row[1]): _bytes(row[2], row[3]) for row in rows}
    assert len(rows) == len(found)
    assert found == {(at.partition, at.offset): value for at, value in ledger.published.items()}
    odd = rows[45]
    assert (odd[4], bytes(odd[5])) == (None, b"\xfe")
    assert '"value_bytes":"ff"' in "".join(odd[6].split())


def test_a_large_file_is_written_piece_by_piece(
    settings: Settings, warehouse: SnowflakeWarehouse, topic: Topic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first piece has nothing that is no text, the second has; both are rows of one file."""
    monkeypatch.setattr(upload_module, "ROWS_AT_A_TIME", 8)
    ledger = Ledger(settings)
    ledger.publish(topic.name, [*numbered(10), *ODD], 0)
    drain(settings, warehouse, topic)
    found = {row[1]: _bytes(row[2], row[3]) for row in lies_in_raw(warehouse, topic)}
    assert found == {at.offset: value for at, value in ledger.published.items()}


def test_the_network_is_cut_at_each_statement_of_a_landing(
    settings: Settings, warehouse: SnowflakeWarehouse, topic: Topic, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = Ledger(settings)
    ledger.publish(topic.name, numbered(4), 0)
    drain(settings, warehouse, topic)
    for when in (cut_before, cut_after):
        for word in ("put", "begin", "update ops.newest_batch", "insert into ops.batches",
                     "update ops.positions", "copy into", "insert into ops.windows", "commit"):  # fmt: skip
            ledger.publish(topic.name, numbered(3), 0)
            with monkeypatch.context() as patch:
                patch.setattr(SnowflakeCursor, "execute", when(word))
                with pytest.raises(WarehouseUnavailable):
                    drain(settings, warehouse, topic)
            drain(settings, warehouse, topic)
            assert [row[1] for row in lies_in_raw(warehouse, topic)] == list(range(len(ledger.published)))


def test_found_a_copy_outside_the_transaction(
    settings: Settings, warehouse: SnowflakeWarehouse, topic: Topic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planted bug that the test above would catch: positions committed before the rows."""
    copy_rows = snowflake_module._copy_rows

    def commits_first(cursor: SnowflakeCursor, *others: Any) -> None:
        cursor.execute("commit")
        copy_rows(cursor, *others)

    ledger = Ledger(settings)
    ledger.publish(topic.name, numbered(4), 0)
    monkeypatch.setattr(snowflake_module, "_copy_rows", commits_first)
    with monkeypatch.context() as patch:
        patch.setattr(SnowflakeCursor, "execute", cut_before("copy into"))
        with pytest.raises(WarehouseUnavailable):
            drain(settings, warehouse, topic)
    drain(settings, warehouse, topic)
    assert lies_in_raw(warehouse, topic) == []


Execute = Callable[..., Any]
ORIGINAL: Execute = SnowflakeCursor.execute


def cut_before(word: str) -> Execute:
    """The statement never reaches Snowflake, and the session is gone."""

    def execute(self: SnowflakeCursor, sql: str, *others: Any, **options: Any) -> Any:
        if sql.strip().startswith(word):
            _cut(self)
        return ORIGINAL(self, sql, *others, **options)

    return execute


def cut_after(word: str) -> Execute:
    """Snowflake did it, and its answer is lost."""

    def execute(self: SnowflakeCursor, sql: str, *others: Any, **options: Any) -> Any:
        result = ORIGINAL(self, sql, *others, **options)
        if sql.strip().startswith(word):
            _cut(self)
        return result

    return execute


def _cut(cursor: SnowflakeCursor) -> None:
    # What an account does with the open transaction of a session that it no longer hears from.
    ORIGINAL(cursor, "rollback")
    raise OperationalError("the connection was reset", errno=250003)


def _bytes(text: str | None, raw: bytes | None) -> bytes | None:
    return bytes(raw) if raw is not None else None if text is None else text.encode()
