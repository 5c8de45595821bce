"""kill -9 at every step of a run: the next one goes on, everything is there once and equal to a rebuild."""

import pytest

from tests.faults import harm
from tests.faults.harm import LAND, TAKE_LEASE, Harm
from tests.faults.loop_process import KILLED
from tests.faults.waiting import wait_until
from tests.faults.world import World

pytestmark = pytest.mark.slow

FCT_TRADES = "model.tickhouse.fct_trades"
FINISH = "orchestration.micro_batch.turn:Turns._finish"
SETTLE = "update ops.model_progress set"
# The second of several small batches: what a run does first is another path than what it does from then on.
KILLS = {
    "before the write": harm.before(LAND, nth=2),
    "inside the landing transaction": harm.at_commit(nth=2),
    "right after the commit": harm.after(LAND, nth=2),
    "in the first build of a model": harm.at_statement("insert into", FCT_TRADES),
    "in a model, its affected keys are kept": harm.at_statement("temporary table", FCT_TRADES, nth=3),
    "in a model, between its delete and its insert": harm.at_statement("insert into", FCT_TRADES, nth=2),
    "between the models and their settling": harm.at_statement(SETTLE, nth=2),
    "when they are settled and not committed": harm.at_statement(SETTLE, nth=2, done=True),
    "between a model and its child": harm.at_statement("temporary", "model.tickhouse.fct_candles_1m", nth=2),
    "between what is watched and the rest": harm.before(FINISH),
    "in a second try, model by model": harm.together(
        harm.at_statement("insert into", FCT_TRADES, harm.refuse, nth=2),
        harm.at_statement(SETTLE, nth=6, done=True),
    ),
    "during the tests": harm.at_statement("", "test.", nth=3),
    "while it reports": harm.die_while_reporting,
}


@pytest.mark.parametrize("kill", KILLS.values(), ids=KILLS.keys())
def test_the_next_run_goes_on_where_a_killed_one_was(world: World, kill: Harm) -> None:
    world.feed.trades(180)
    assert world.run(harm.together(harm.small_batches, kill)) == KILLED
    world.feed.trades(30)
    world.must_run()
    world.must_hold_everything()


def test_a_successor_killed_as_it_took_the_lease(world: World) -> None:
    """The predecessor has been told to end and does; whoever comes next goes on."""
    world.feed.trades(50)
    predecessor = world.start(max_seconds=600)
    wait_until("the first batch", lambda: len(world.landed()) == 50)
    assert world.run(harm.after(TAKE_LEASE)) == KILLED
    assert predecessor.wait() == 0
    world.feed.trades(50)
    world.must_run()
    world.must_hold_everything()


def test_a_predecessor_killed_in_a_turn_while_its_successor_waits(world: World) -> None:
    world.feed.trades(120)
    predecessor = world.start(harm.together(harm.small_batches, harm.at_commit(harm.stand_still, nth=2)))
    wait_until("a turn that lasts", lambda: "stands still" in predecessor.said())
    successor = world.start()
    predecessor.kill()
    assert successor.wait() == 0
    world.must_hold_everything()
