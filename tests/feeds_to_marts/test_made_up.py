"""What is made up says so, and a simulated exchange that is started again goes on where it was."""

import fcntl

from tests.feeds_to_marts.pipeline import Pipeline

RUN = ("publish", "simulated", "--messages", "3000", "--rate", "max", "--symbols", "BTCUSDT,ETHUSDT")


def test_a_second_run_leaves_no_hole(pipeline: Pipeline) -> None:
    for _ in range(2):
        done = pipeline.tickhouse(*RUN)
        assert done.exit_code == 0, done.output
    pipeline.land()
    pipeline.build("+fct_feed_gaps", "+fct_book_epochs", "+fct_candles_1m_consolidated")
    [(trades, first, last)] = pipeline.rows(
        "select count(*), min(trade_id), max(trade_id) from marts.fct_trades where symbol = 'BTCUSDT'"
    )
    assert trades == last - first + 1
    assert pipeline.rows("select * from marts.fct_feed_gaps") == []
    assert (
        pipeline.rows("select distinct end_reason from marts.fct_book_epochs where end_reason = 'gap'") == []
    )
    prices = "select max(price) / min(price) < 1.01 from marts.fct_trades where symbol = 'BTCUSDT'"
    assert pipeline.rows(prices) == [(True,)]


def test_what_is_made_up_is_never_taken_for_a_market_s(pipeline: Pipeline) -> None:
    pipeline.tickhouse(*RUN)
    pipeline.tickhouse("publish", "samples", "--speed", "max")
    pipeline.land()
    pipeline.build("+fct_candles_1m_consolidated", "+fct_ohlcv_1m", "+fct_book_top", "+fct_lob_levels_1s")
    marts = ("fct_trades", "fct_candles_1m", "fct_book_top", "fct_ohlcv_1m", "fct_lob_levels_1s")
    for mart in marts:
        assert pipeline.rows(f"select distinct venue from marts.{mart}") == [("simulated",)], mart
    assert pipeline.rows("select * from marts.fct_candles_1m_consolidated") == []


def test_two_at_once_do_not_share_numbers(pipeline: Pipeline) -> None:
    with (pipeline.settings.tickhouse_home / "simulated.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = pipeline.tickhouse(*RUN)
    assert "Another simulated exchange runs" in done.output
