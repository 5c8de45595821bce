"""The clock steps back an hour, before a run and within it: nothing hangs on it."""

import pytest

from tests.faults import harm
from tests.faults.harm import LAND
from tests.faults.world import World

pytestmark = pytest.mark.slow


def test_the_clock_steps_back_within_a_run_and_before_one(world: World) -> None:
    world.feed.trades(120)
    world.must_run(harm.together(harm.small_batches, harm.before(LAND, harm.set_clock_back, nth=2)))
    world.feed.trades(20)
    world.must_run(harm.set_clock_back)
    world.feed.trades(20)
    world.must_run()
    world.must_hold_everything()


def test_runs_hand_over_across_the_step(world: World) -> None:
    """The successor's clock is an hour behind its predecessor's: it takes over all the same."""
    world.feed.trades(40)
    older = world.start(max_seconds=600)
    world.wait_until_landed()
    newer = world.start(harm.set_clock_back, max_seconds=600)
    assert older.wait() == 0
    world.feed.trades(40)
    world.wait_until_landed()
    world.end(newer)
    world.must_run()
    world.must_hold_everything()
