"""What the venue says when it is asked: what is current, what was, and our own figures beside it."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from tests.dbt.feeds import START, epoch_ms
from tests.dbt.log import as_record
from tests.dbt.trades import binance_trade, land
from tests.dbt.trial import Trial

AT = epoch_ms(START)


def test_prices_and_which_are_current(trial: Trial) -> None:
    _land(
        trial, "binance.prices", [{"symbol": s, "price": p} for s, p in (("A", "1"), ("B", "5"), ("A", "2"))]
    )
    trial.must_run("--select", "+fct_prices")
    found = trial.rows("select symbol, price, is_current from marts.fct_prices order by first_offset")
    assert found == [("A", 1, False), ("B", 5, True), ("A", 2, True)]


def test_of_a_candle_that_is_sent_again_the_fullest_stands(trial: Trial) -> None:
    first = [_kline(0, "100", 1, closed=False), _kline(0, "101", 7, closed=True)]
    again = [_kline(0, "99", 3, closed=False), _kline(1, "102", 2, closed=False)]
    _land(trial, "binance.klines", [*first, *again])
    trial.must_run("--select", "+fct_klines")
    found = trial.rows(
        "select close, trade_count, is_closed, is_current from marts.fct_klines order by window_start_at"
    )
    assert found == [(101, 7, True, False), (102, 2, False, True)]


def test_our_own_statistics_stand_beside_the_newest_of_the_venue(trial: Trial) -> None:
    trades = [binance_trade("X", n, f"12:0{n}:00", price, "1") for n, price in enumerate(("100", "110"))]
    land(trial, trades)
    _land(trial, "binance.tickers", [_ticker(0), _ticker(60_000)])
    trial.must_run("--select", "+fct_stats_24h")
    found = trial.rows(
        """select price_change_pct, is_current, own_change_pct, own_vwap, own_trade_count
           from marts.fct_stats_24h order by window_end_at"""
    )
    assert found == [(10, False, None, None, None), (10, True, 10.0, 105.0, 2)]


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


def test_our_candles_are_compared_with_the_venue_s_where_no_trade_is_missing(trial: Trial) -> None:
    prices = ("100", "105", "90")
    trades = [
        binance_trade("X", 10 * minute + n, f"12:0{minute}:0{n}", price, "1")
        for minute in range(3)
        for n, price in enumerate(prices)
    ]
    land(trial, [trade for trade in trades if trade.number != 11])
    same = {"v": "3", "q": "295", "V": "0", "Q": "0"}
    klines = [_kline(minute, "90", 3, closed=True) for minute in range(4)]
    for kline, figures in zip(klines, (same, same, same | {"h": "106"}, same), strict=True):
        kline["k"] = {**kline["k"], **figures}
    _land(trial, "binance.klines", klines)
    trial.must_run("--select", "+fct_candle_parity")
    found = trial.rows(
        """select trade_count, is_complete, high_difference, is_match from marts.fct_candle_parity
           order by window_start_at"""
    )
    assert found == [
        (3, True, 0, True),
        (2, False, -5, True),
        (3, True, -1, False),
        (None, False, None, True),
    ]
    assert trial.test("--select", "fct_candle_parity") == {"nothing_mismatches_fct_candle_parity_": "fail"}


def land_answers(trial: Trial) -> None:
    """One of each kind."""
    _land(trial, "binance.prices", [{"symbol": "X", "price": "1"}])
    _land(trial, "binance.klines", [_kline(0, "100", 1, closed=True)])
    _land(trial, "binance.tickers", [_ticker(0)])


def _land(trial: Trial, topic: str, messages: Sequence[Mapping[str, object]]) -> None:
    records = []
    for offset, message in enumerate(messages):
        at: datetime = START + timedelta(seconds=offset)
        headers = [{"name": "symbol", "value": "X", "value_bytes": None}]
        records.append({**as_record(json.dumps(message).encode(), 0, offset, at), "headers": headers})
    trial.land(topic, records)


def _kline(minute: int, close: str, trades: int, *, closed: bool) -> dict[str, Any]:
    start = AT + minute * 60_000
    kline: dict[str, object] = {
        "t": start,
        "T": start + 59_999,
        "s": "X",
        "i": "1m",
        "f": 1,
        "L": 1 + trades,
        "x": closed,
    }
    kline |= {"o": "100", "h": "105", "l": "90", "c": close, "v": "7", "q": "700", "n": trades}
    return {"e": "kline", "E": start + trades, "s": "X", "k": kline | {"V": "3", "Q": "300"}}


def _ticker(later: int) -> dict[str, object]:
    amounts: dict[str, object] = {
        "p": "10",
        "P": "10",
        "w": "105",
        "o": "100",
        "h": "110",
        "l": "100",
        "c": "110",
        "x": "100",
    }
    amounts |= {"Q": "1", "b": "109", "a": "111", "v": "2", "q": "210"}
    times = {"E": AT + later, "O": AT + later - 86_400_000, "C": AT + later}
    return {"e": "24hrTicker", "s": "X", "n": 2} | amounts | times
