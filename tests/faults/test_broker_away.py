"""The broker goes and comes back: the run waits and goes on, or ends and says what to do."""

import pytest

from tests.faults.waiting import wait_until
from tests.faults.world import World
from tests.support.broker import OwnBroker

pytestmark = pytest.mark.slow


def test_stopped_killed_and_started_under_a_run(own_world: World, own_broker: OwnBroker) -> None:
    world = own_world
    world.feed.trades(40)
    run = world.start(max_seconds=600, idle_seconds=300)
    world.wait_until_landed()
    for number, away in enumerate([own_broker.stop, own_broker.kill], start=1):
        away()
        wait_until("word of it", lambda n=number: run.said().count("No Kafka broker answers") >= n, run.said)
        own_broker.start()
        world.feed.trades(40)
        world.wait_until_landed()
    world.end(run)
    world.must_run()
    world.must_hold_everything()


def test_a_run_without_a_broker_gives_up_and_the_next_one_goes_on(
    own_world: World, own_broker: OwnBroker
) -> None:
    world = own_world
    world.feed.trades(40)
    world.must_run()
    world.feed.trades(40)
    own_broker.stop()
    run = world.start(idle_seconds=0.1)
    assert run.wait() == 1
    assert f"No Kafka broker answers at {own_broker.bootstrap}" in run.said()
    own_broker.start()
    world.must_run()
    world.must_hold_everything()
