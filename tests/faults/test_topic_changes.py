"""Topics are made anew, pruned, extended and written to in transactions, under a run and between runs."""

import pytest

from ingest.core.topics import BY_NAME
from ingest.kafka.topic_admin import ensure_topics
from tests.faults import harm
from tests.faults.feed import TRADES
from tests.faults.harm import LAND
from tests.faults.loop_process import KILLED
from tests.faults.world import World
from tests.support.broker import OwnBroker

pytestmark = pytest.mark.slow


def lives(world: World) -> list[tuple[int, str]]:
    return world.rows(
        f"""select topic_life, regexp_extract(reason, '^[a-z ]+') from ops.topic_lives
            where topic = '{TRADES}' order by all"""
    )


def test_created_again_between_runs_with_as_many_messages_fewer_and_more(world: World) -> None:
    world.feed.trades(40)
    world.must_run()
    for count in (40, 10, 60):
        world.feed.recreate(world.other_side, TRADES)
        world.feed.trades(count)
        world.must_run()
    world.must_hold_everything()
    assert lives(world) == [(1, "first seen"), *((life, "created again") for life in (2, 3, 4))]


def test_created_again_under_a_run(world: World) -> None:
    world.feed.trades(40)
    run = world.start(max_seconds=600)
    world.wait_until_landed()
    for count in (40, 60):
        world.feed.recreate(world.other_side, TRADES)
        world.feed.trades(count)
        world.wait_until_landed()
    world.end(run)
    world.must_run()
    world.must_hold_everything()
    assert "life 3 begins" in run.said()


def test_created_again_where_a_run_was_killed_in_the_middle_of_a_life(world: World) -> None:
    """The rest of the first life went with its topic; what had landed of it stays."""
    world.feed.trades(100, partitions=[0])
    assert world.run(harm.together(harm.small_batches, harm.before(LAND, nth=2))) == KILLED
    landed = world.landed()
    world.feed.forget(TRADES, 0, len(landed), 100)
    world.feed.recreate(world.other_side, TRADES)
    world.feed.trades(90, partitions=[0])
    world.must_run()
    world.must_hold_everything()


def test_a_log_that_is_shorter_than_the_position(own_world: World, own_broker: OwnBroker) -> None:
    """As after somebody removed the broker's data."""
    world = own_world
    world.feed.trades(60)
    world.must_run()
    own_broker.wipe()
    own_broker.start()
    ensure_topics(world.place.settings, [BY_NAME[TRADES]])
    world.feed.lives[TRADES] = 2
    world.feed.trades(20)
    world.must_run()
    world.must_hold_everything()


def test_retention_that_passes_the_position_is_written_down_and_shown(world: World) -> None:
    world.feed.trades(50, partitions=[0])
    world.must_run()
    world.feed.trades(50, partitions=[0])
    world.other_side.delete_records(TRADES, 0, before=80)
    world.feed.forget(TRADES, 0, 50, 80)
    run = world.must_run(history=True)
    world.must_hold_everything()
    lost = "select kafka_partition, first_offset, end_offset, reason from ops.lost_ranges"
    assert world.rows(lost) == [(0, 50, 80, "retention")]
    assert f"{TRADES}[0] [50, 80) was gone from Kafka before it was landed (retention)" in run.said()
    (told,) = world.materializations(run, "raw/binance_trades")
    assert told["lost_offsets"] == 30
    (complete,) = world.checks(run, "raw/binance_trades", "coordinates_complete")
    assert complete.passed
    assert complete.metadata["lost_offsets"].value == 30


def test_all_that_was_left_is_gone(world: World) -> None:
    world.feed.trades(20, partitions=[0])
    world.must_run()
    world.feed.trades(20, partitions=[0])
    world.other_side.delete_records(TRADES, 0, before=40)
    world.feed.forget(TRADES, 0, 20, 40)
    world.must_run()
    world.feed.trades(20, partitions=[0])
    world.must_run()
    world.must_hold_everything()
    assert world.rows("select first_offset, end_offset from ops.lost_ranges") == [(20, 40)]


def test_transactions_leave_absent_offsets_and_nothing_aborted_is_seen(world: World) -> None:
    run = world.start(max_seconds=600)
    for _ in range(2):
        world.feed.trades_in_transaction(15, "commit")
        world.feed.trades_in_transaction(15, "abort")
    world.wait_until_landed()
    world.feed.trades_in_transaction(5, "abort")
    world.feed.trades(5)
    world.wait_until_landed()
    world.end(run)
    world.must_run()
    world.must_hold_everything()


def test_a_new_partition_under_a_run(world: World) -> None:
    world.feed.trades(20)
    run = world.start(max_seconds=600)
    world.wait_until_landed()
    world.other_side.add_partitions(TRADES, 3)
    world.feed.trades(30, partitions=[2, 0])
    world.wait_until_landed()
    world.end(run)
    world.must_run()
    world.must_hold_everything()
