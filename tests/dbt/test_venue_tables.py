"""What the venue says when it is asked: what is current, what was, and our own figures beside it."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from tests.dbt.feeds import START
from tests.dbt.log import as_record
from tests.dbt.trades import binance_trade, land
from tests.dbt.trial import Trial


def test_the_newest_snapshot_is_the_current_one(trial: Trial) -> None:
    snapshots = [
        {"lastUpdateId": number, "bids": [["100", "1"], ["99", "2"]], "asks": [["101", "3"]]}
        for number in (5, 9)
    ]
    _land(trial, "binance.depth", snapshots)
    trial.must_run("--select", "+fct_depth_snapshots")
    found = trial.rows(
        """select last_update_id, side, level_index, price, is_current from marts.fct_depth_snapshots
           where is_current order by side, level_index"""
    )
    assert found == [(9, "ask", 0, 101, True), (9, "bid", 0, 100, True), (9, "bid", 1, 99, True)]


def test_recent_trades_are_of_the_last_day(trial: Trial) -> None:
    trades = [binance_trade("X", n, f"2026-01-0{n} 12:00:00", "1", "1") for n in (1, 2, 3)]
    land(trial, trades)
    trial.must_run("--select", "+fct_recent_trades")
    assert trial.rows("select trade_id from marts.fct_recent_trades order by event_at") == [(2,), (3,)]


def _land(trial: Trial, topic: str, messages: Sequence[Mapping[str, object]]) -> None:
    records = []
    for offset, message in enumerate(messages):
        at: datetime = START + timedelta(seconds=offset)
        headers = [{"name": "symbol", "value": "X", "value_bytes": None}]
        records.append({**as_record(json.dumps(message).encode(), 0, offset, at), "headers": headers})
    trial.land(topic, records)
