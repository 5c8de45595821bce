"""A model that fails is shown, tried again and waited for by its children; everything else goes on."""

import pytest

from tests.faults import harm
from tests.faults.waiting import wait_until
from tests.faults.world import World

pytestmark = pytest.mark.slow


def counts(world: World) -> dict[str, int]:
    tables = ("raw.binance_trades", "staging.stg_binance__trades", "marts.fct_candles_1m")
    return {table: world.rows(f"select count(*) from {table}")[0][0] for table in tables}


def test_a_table_out_of_reach(world: World) -> None:
    world.feed.trades(40)
    world.must_run()
    before = counts(world)
    with world.warehouse() as connection:
        connection.execute("alter table marts.fct_trades rename to fct_trades_mended")
        connection.execute("create view marts.fct_trades as select 1 as nothing")
    run = world.start(harm.impatient_backoff, history=True, max_seconds=600)
    world.feed.trades(40)
    world.wait_until_landed()
    wait_until("a second try", lambda: run.said().count("It is tried again in") >= 2)
    after = counts(world)
    assert after["staging.stg_binance__trades"] == 80
    assert after["marts.fct_candles_1m"] == before["marts.fct_candles_1m"]
    with world.warehouse() as connection:
        connection.execute("drop view marts.fct_trades")
        connection.execute("alter table marts.fct_trades_mended rename to fct_trades")
    wait_until("its children", lambda: counts(world)["marts.fct_candles_1m"] > after["marts.fct_candles_1m"])
    world.end(run)
    built = [check.passed for check in world.checks(run, "marts/fct_trades", "is_built")]
    assert built[0] is False
    assert built[-1] is True
    assert all(check.passed for check in world.checks(run, "staging/stg_binance__trades", "is_built"))
    world.must_run()
    world.must_hold_everything()


def test_a_model_that_fails_in_each_run_does_not_fail_the_run(world: World) -> None:
    """The run ends well, its check is red, and the next run tries again."""
    world.feed.trades(40)
    refused = harm.at_statement("insert into", "model.tickhouse.fct_candles_1m", harm.refuse, nth=None)
    run = world.must_run(harm.together(refused, harm.one_try), history=True)
    (check,) = world.checks(run, "marts/fct_candles_1m", "is_built")
    assert not check.passed
    assert "refused by a test" in (check.description or "")
    assert world.landed() == world.feed.published
    world.feed.trades(10)
    world.must_run()
    world.must_hold_everything()
