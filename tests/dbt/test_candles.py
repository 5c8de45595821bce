"""Candles of every length are those that pandas makes of the same trades, to the last digit."""

from collections.abc import Sequence
from decimal import Decimal
from random import Random
from typing import Any

import pandas as pd
import pytest

from tests.dbt.trades import Trade, binance_trade, land, made_up_trades, recorded_trades
from tests.dbt.trial import Trial
from tests.support.captures import needs_captures

LENGTHS = {"1s": "1s", "1m": "1min", "1h": "1h", "1d": "1D"}
EXACT = ("open", "high", "low", "close", "volume", "notional", "trade_count", "taker_buy_volume")


@needs_captures
def test_of_a_recording(trial: Trial) -> None:
    trades = recorded_trades()
    assert len(trades) == 9757
    land(trial, trades)
    _assert_candles(trial, trades)


def test_of_trades_in_any_order_and_any_batches(trial: Trial) -> None:
    trades = made_up_trades(seed=3, count=500)
    shuffled = Random(3).sample(trades, len(trades))
    for cut in range(0, 500, 180):
        land(trial, shuffled[cut : cut + 180], first_offset=cut)
        trial.must_run("--select", "+fct_trades")
    _assert_candles(trial, trades)


def test_filled_candles_have_no_holes(trial: Trial) -> None:
    trades = [
        binance_trade("BTCUSDT", 1, "23:58:10", "100", "2"),
        binance_trade("BTCUSDT", 2, "23:58:50", "104", "1"),
        binance_trade("BTCUSDT", 3, "2026-01-02 00:01:00", "103", "4"),
        binance_trade("ETHUSDT", 4, "23:59:00", "7", "1"),
    ]
    land(trial, trades)
    _build(trial, "fct_candles_1m_filled")
    found = trial.rows(
        """select symbol, strftime(window_start_at, '%d %H:%M'), open, high, low, close, volume, vwap,
               is_filled
           from marts.fct_candles_1m_filled order by all"""
    )
    assert found == [
        ("BTCUSDT", "01 23:58", 100, 104, 100, 104, 3, 304 / 3, False),
        ("BTCUSDT", "01 23:59", 104, 104, 104, 104, 0, None, True),
        ("BTCUSDT", "02 00:00", 104, 104, 104, 104, 0, None, True),
        ("BTCUSDT", "02 00:01", 103, 103, 103, 103, 4, 103.0, False),
        ("ETHUSDT", "01 23:59", 7, 7, 7, 7, 1, 7.0, False),
    ]


def _assert_candles(trial: Trial, trades: Sequence[Trade]) -> None:
    _build(trial, "fct_candles_1d")
    for name, length in LENGTHS.items():
        columns = f"symbol, window_start_at, vwap, {', '.join(EXACT)}"
        found = trial.rows(f"select {columns} from marts.fct_candles_{name} order by all")
        expected = _candles(trades, length)
        assert [row[:2] + row[3:] for row in found] == [row[:2] + row[3:] for row in expected]
        assert [row[2] for row in found] == pytest.approx([row[2] for row in expected], rel=1e-15)


def _candles(trades: Sequence[Trade], length: str) -> list[tuple[Any, ...]]:
    frame = pd.DataFrame(
        {
            "symbol": [trade.symbol for trade in trades],
            "number": [trade.number for trade in trades],
            "at": pd.to_datetime([trade.at for trade in trades]),
            "price": pd.Series([trade.price for trade in trades], dtype=object),
            "quantity": pd.Series([trade.quantity for trade in trades], dtype=object),
            "notional": pd.Series([trade.notional for trade in trades], dtype=object),
            "bought": [trade.quantity if trade.taker_bought else Decimal(0) for trade in trades],
        }
    ).sort_values(["at", "number"])
    frame["start"] = frame["at"].dt.floor(length)
    candles = frame.groupby(["symbol", "start"]).agg(
        open=("price", "first"),
        high=("price", "max"),
        low=("price", "min"),
        close=("price", "last"),
        volume=("quantity", "sum"),
        notional=("notional", "sum"),
        trade_count=("number", "count"),
        taker_buy_volume=("bought", "sum"),
    )
    rows: list[dict[str, Any]] = candles.reset_index().to_dict("records")
    return [
        (row["symbol"], row["start"], float(row["notional"]) / float(row["volume"]), *[row[c] for c in EXACT])
        for row in rows
    ]


def _build(trial: Trial, model: str) -> None:
    trial.must_run("--select", f"+{model}")
