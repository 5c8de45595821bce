"""Who builds in Snowflake: one at a time, by a row that is compared and swapped; there is no file to lock."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pytest

from ingest.core.settings import Settings
from ingest.warehouse.snowflake import lease, uploads
from ingest.warehouse.snowflake.upload import upload as snowflake_upload
from ingest.warehouse.snowflake.warehouse import SnowflakeWarehouse
from snowflake.connector.cursor import SnowflakeCursor
from tests.warehouse.batches import batch, landing

Builder = Callable[..., SnowflakeWarehouse]


@pytest.fixture
def builder(account: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Builder]:
    """A run's own way to the one warehouse."""
    monkeypatch.setattr(lease, "POLL_SECONDS", 0.02)
    opened: list[SnowflakeWarehouse] = []

    def make(run_id: str, is_gone: lease.IsGone = lambda _: False, **fields: object) -> SnowflakeWarehouse:
        opened.append(SnowflakeWarehouse(account.model_copy(update=fields), run_id, is_gone))
        return opened[-1]

    make("first").migrate()
    yield make
    for each in opened:
        each.close()


def test_of_many_builders_one_builds_at_a_time(builder: Builder) -> None:
    inside, most, done = 0, 0, []
    guard = threading.Lock()

    def build(warehouse: SnowflakeWarehouse) -> None:
        nonlocal inside, most
        for _ in range(4):
            with warehouse.building():
                with guard:
                    inside += 1
                    most = max(most, inside)
                assert warehouse.lease_holder(lease.BUILDING) == warehouse._builder
                with guard:
                    inside -= 1
                    done.append(warehouse._builder)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(build, [builder(f"run-{n}") for n in range(4)]))
    assert (most, len(done)) == (1, 16)
    assert builder("last").lease_holder(lease.BUILDING) is None


def test_a_builder_that_is_known_to_be_gone_is_not_waited_for(builder: Builder) -> None:
    builder("killed").take_lease(lease.BUILDING, "killed")
    with builder("next", is_gone=lambda run_id: run_id == "killed").open() as connection:
        holder = connection.execute("select run_id from ops.lease where name = 'turn'")
        assert holder.fetchall() == [("next",)]


def test_a_builder_of_whom_nobody_knows_is_waited_for_until_its_turn_expires(builder: Builder) -> None:
    builder("killed").take_lease(lease.BUILDING, "killed")
    asked: list[str] = []

    def ask(run_id: str) -> bool:
        asked.append(run_id)
        if len(asked) == 3:
            long_ago = "update ops.lease set taken_at = dateadd(second, -3601, taken_at)"
            with builder("clock").cursor() as cursor:
                cursor.execute(long_ago)
        return False

    with builder("next", ask).building():
        assert asked == ["killed"] * 3


def test_whose_turn_was_taken_over_does_not_give_it_back_for_the_other(builder: Builder) -> None:
    slow, next_one = builder("slow"), builder("next", is_gone=lambda _: True)
    with slow.building():
        turn = next_one.building()
        turn.__enter__()
    assert next_one.lease_holder(lease.BUILDING) == "next"
    turn.__exit__(None, None, None)
    assert next_one.lease_holder(lease.BUILDING) is None


def test_uploads_of_several_topics_go_side_by_side(builder: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    together = threading.Barrier(4, timeout=60)

    def upload(cursor: SnowflakeCursor, raw_table: str, rows: pa.Table) -> str:
        together.wait()  # one after the other would wait here for ever
        return snowflake_upload(cursor, raw_table, rows)

    monkeypatch.setattr(uploads, "upload", upload)
    warehouse = builder("run")
    prepared = warehouse.prepare([batch(landing(n, n + 1, n or None)) for n in range(4)])
    assert [warehouse.land(one, "run").batch_id for one in prepared] == [1, 2, 3, 4]


def test_a_turn_is_given_back_after_an_error_in_it(builder: Builder) -> None:
    warehouse = builder("run")
    with pytest.raises(ZeroDivisionError), warehouse.building():
        _ = 1 / 0
    assert warehouse.lease_holder(lease.BUILDING) is None
