"""Each trade beside the book just before it, and beside the one five seconds later."""

import json

import pytest

from tests.dbt.feeds import START, epoch_ms
from tests.dbt.log import as_record
from tests.dbt.trades import binance_trade, land
from tests.dbt.trial import Trial

AT = epoch_ms(START)


def test_spreads_against_the_book_before_and_after(trial: Trial) -> None:
    snapshot = {"lastUpdateId": 1, "bids": [["99", "5"]], "asks": [["101", "5"]]}
    later = {"e": "depthUpdate", "E": AT + 4000, "s": "X", "U": 3, "u": 3, "b": [["101", "1"]], "a": []}
    later["a"] = [["101", "0"], ["103", "5"]]
    first = {"e": "depthUpdate", "E": AT, "s": "X", "U": 2, "u": 2, "b": [["98", "1"]], "a": []}
    headers = [{"name": "symbol", "value": "X", "value_bytes": None}]
    records = [
        {**as_record(json.dumps(message).encode(), 0, offset, START), "headers": headers}
        for offset, message in enumerate([snapshot, first, later])
    ]
    trial.land("binance.depth", records)
    trades = [
        binance_trade("X", 1, "12:00:00", "100", "1"),
        binance_trade("X", 2, "12:00:01", "99", "1"),
        binance_trade("X", 3, "12:01:00", "99", "1"),
    ]
    land(trial, trades)
    trial.must_run("--select", "+fct_trade_book")
    found = trial.rows(
        """select trade_id, mid_price, book_age_ms, traded_where, effective_spread_bps, realised_spread_bps,
               trade_slippage_bps
           from marts.fct_trade_book order by trade_id"""
    )
    # A sell at the bid, 1 below mid; five seconds later mid is 102. At 12:00 and 12:01 nothing is known.
    assert found == [(2, 100, 1000, "bid", *(pytest.approx(bps) for bps in (200, 600, 0)))]
