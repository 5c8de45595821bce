"""No room to write: the run says so and what to do, nothing is half landed, with room it goes on."""

import random

import pytest

from tests.faults import harm
from tests.faults.feed import TRADES
from tests.faults.world import World
from tests.support.other_side import Sent

pytestmark = pytest.mark.slow


def test_a_full_disk(world: World) -> None:
    world.feed.trades(40)
    world.must_run()
    before = world.landed()
    noise = random.Random(1)
    # More than a write-ahead log may grow, and nothing that could be compressed.
    world.feed.publish(TRADES, [Sent(noise.randbytes(500_000)) for _ in range(40)])
    room = world.place.settings.warehouse_path.stat().st_size + 1_000_000
    run = world.start(harm.no_file_above(room))
    assert run.wait() == 1
    assert "The disk is full" in run.said()
    assert "A rerun gives the same error." in run.said()
    assert world.landed() == before
    world.feed.trades(10)
    world.must_run()
    world.must_hold_everything()
