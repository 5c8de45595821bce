"""Bars, volatility, trends, profiles and movers: by hand, and as pandas has them."""

import json
import math
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pandas as pd
import pytest

from tests.dbt.feeds import START, epoch_ms
from tests.dbt.log import Record, as_record
from tests.dbt.trades import Trade, binance_trade, land, made_up_trades
from tests.dbt.trial import Trial


def test_rolling_bars_are_those_of_pandas(trial: Trial) -> None:
    _build(trial, made_up_trades(seed=9, count=300), "fct_vwap_rolling_bars")
    found = trial.connection.sql(
        """select symbol, window_start_at, typical_vwap, moving_avg, volatility, volume::double as volume
           from marts.fct_vwap_rolling_bars order by symbol, window_start_at"""
    ).df()
    bars = trial.connection.sql(
        """select symbol, window_start_at, close::double as close, volume::double as volume,
               (high + low + close)::double / 3 as typical
           from marts.fct_candles_1m order by symbol, window_start_at"""
    ).df()
    expected = pd.concat(_rolled(group) for _, group in bars.groupby("symbol"))
    assert len(found) > 150
    pd.testing.assert_frame_equal(found, expected.reset_index(drop=True), rtol=1e-8)


def _rolled(bars: Any) -> pd.DataFrame:
    traded, volume = (bars["typical"] * bars["volume"]).rolling(10).sum(), bars["volume"].rolling(10).sum()
    closes = bars["close"].rolling(10)
    figures = {
        "typical_vwap": traded / volume,
        "moving_avg": closes.mean(),
        "volatility": closes.std(),
        "volume": volume,
    }
    return bars[["symbol", "window_start_at"]].assign(**figures).dropna()


def test_bars_of_a_feed_that_come_late_and_twice(trial: Trial) -> None:
    bars = minute_bars([100 + minute for minute in range(12)])
    for place in ([*range(5), *range(6, 12)], [5, 0]):
        trial.land("replay.ohlcv", [bars[minute] for minute in place])
        trial.must_run("--select", "+fct_vwap_rolling_bars_ohlcv")
    again = {**minute_bars([999])[0], "kafka_offset": 99}
    trial.land("replay.ohlcv", [again])
    trial.must_run("--select", "+fct_vwap_rolling_bars_ohlcv")
    found = trial.rows(
        """select typical_vwap, moving_avg, volume from marts.fct_vwap_rolling_bars_ohlcv
           order by window_start_at"""
    )
    # Highs and lows are one off the close, volumes 1, 2, 3, ...
    expected = []
    for last in (9, 10, 11):
        ten = range(last - 9, last + 1)
        volume = sum(minute + 1 for minute in ten)
        vwap = sum((100 + minute) * (minute + 1) for minute in ten) / volume
        expected.append((pytest.approx(vwap), pytest.approx(100 + last - 4.5), volume))
    assert found == expected


def minute_bars(closes: Sequence[float]) -> list[Record]:
    """As a feed of bars sends them."""
    records = []
    for minute, close in enumerate(closes):
        at = START + timedelta(minutes=minute)
        bar = {"datetime": str(epoch_ms(at)), "open": str(close), "high": str(close + 1)}
        bar |= {"low": str(close - 1), "close": str(close), "volume": str(minute + 1)}
        headers = {"venue": "replay", "symbol": "BTCUSD", "channel": "ohlcv_1m"}
        listed = [{"name": name, "value": value, "value_bytes": None} for name, value in headers.items()]
        records.append({**as_record(json.dumps(bar).encode(), 0, minute, at), "headers": listed})
    return records


def test_realised_volatility_leaves_gaps_out(trial: Trial) -> None:
    trades = [
        binance_trade("BTCUSDT", 1, "12:58:00", "100", "1"),
        binance_trade("BTCUSDT", 2, "12:59:00", "110", "1"),
        binance_trade("BTCUSDT", 3, "13:00:00", "99", "1"),
        binance_trade("BTCUSDT", 4, "13:02:00", "500", "1"),
        binance_trade("BTCUSDT", 5, "14:00:00", "500", "1"),
    ]
    _build(trial, trades, "fct_realised_volatility_1h")
    found = trial.rows(
        """select return_count, realised_volatility, annualised_volatility
           from marts.fct_realised_volatility_1h order by window_start_at"""
    )
    up, down = math.log(1.1), math.log(99 / 110)
    year = math.sqrt(525_600)
    assert found == [
        (1, pytest.approx(up), pytest.approx(up * year)),
        (1, pytest.approx(-down), pytest.approx(-down * year)),
        (0, None, None),
    ]


def test_a_late_minute_gives_the_next_hour_its_first_return(trial: Trial) -> None:
    _build(trial, [binance_trade("BTCUSDT", 2, "13:00:00", "110", "1")], "fct_realised_volatility_1h")
    land(trial, [binance_trade("BTCUSDT", 1, "12:59:00", "100", "1")], first_offset=1)
    trial.must_run("--select", "+fct_realised_volatility_1h")
    found = trial.rows("select return_count from marts.fct_realised_volatility_1h order by window_start_at")
    assert found == [(0,), (1,)]


def test_the_most_volatile_days_come_first(trial: Trial) -> None:
    prices = {"2026-01-01": ("100", "103"), "2026-01-02": ("100", "95"), "2026-01-03": ("200", "201")}
    trades = [
        binance_trade("BTCUSDT", 10 * day + place, f"{date} 1{place}:00:00", price, "2")
        for day, (date, pair) in enumerate(prices.items())
        for place, price in enumerate(pair)
    ]
    _build(trial, trades, "fct_volatile_days")
    found = trial.rows(
        """select strftime(window_start_at, '%d'), price_swing, price_swing_pct, volume
           from marts.fct_volatile_days order by swing_rank"""
    )
    assert found == [("02", 5, pytest.approx(500 / 95), 4), ("01", 3, 3.0, 4), ("03", 1, 0.5, 4)]


def test_a_volume_profile_has_bins_that_suit_the_price(trial: Trial) -> None:
    trades = [
        *[
            binance_trade("BTCUSDT", n, "12:00:00", price, "1")
            for n, price in enumerate(("61837.63", "61839"))
        ],
        binance_trade("BTCUSDT", 2, "12:00:00", "61840", "3"),
        binance_trade("BTCUSDT", 3, "12:00:00", "100000", "1"),
        binance_trade("SHIBUSDT", 4, "12:00:00", "0.00002345", "10"),
        binance_trade("SHIBUSDT", 5, "12:00:00", "0.00002346", "5"),
    ]
    _build(trial, trades, "fct_volume_profile_1d")
    found = trial.rows(
        """select symbol, price_from::double, price_to::double, volume, is_point_of_control, is_value_area
           from marts.fct_volume_profile_1d order by symbol, price_from"""
    )
    assert found == [
        ("BTCUSDT", 61830, 61840, 2, False, True),
        ("BTCUSDT", 61840, 61850, 3, True, True),
        ("BTCUSDT", 100000, 100100, 1, False, False),
        ("SHIBUSDT", 0.00002345, 0.00002346, 10, True, True),
        ("SHIBUSDT", 0.00002346, 0.00002347, 5, False, True),
    ]


def test_a_trend_turns_where_the_averages_cross(trial: Trial) -> None:
    prices = [100 + hour for hour in range(30)] + [129 - 4 * hour for hour in range(20)]
    trades = [
        binance_trade("BTCUSDT", hour, f"2026-01-0{1 + hour // 24} {hour % 24:02}:30:00", str(price), "1")
        for hour, price in enumerate(prices)
    ]
    _build(trial, trades, "fct_trend_1h")
    found = trial.rows("select fast_avg, slow_avg, slope_bps, trend from marts.fct_trend_1h order by all")
    closes = pd.Series(prices, dtype=float)
    fast, slow = (closes.rolling(bars).mean().tolist() for bars in (12, 24))
    expected = [
        (fast[hour], slow[hour], (slow[hour] / slow[hour - 1] - 1) * 1e4, _trend(fast[hour] - slow[hour]))
        for hour in range(24, 50)
    ]
    assert [row[:3] for row in found] == [pytest.approx(row[:3], abs=1e-9) for row in sorted(expected)]
    crossings = trial.rows(
        "select hour(window_start_at), crossover from marts.fct_trend_1h where crossover is not null"
    )
    turned = next(hour for hour in range(24, 50) if fast[hour] < slow[hour])
    assert crossings == [(turned % 24, "down")]


def _trend(difference: float) -> str:
    return "up" if difference > 0 else "down" if difference < 0 else "flat"


def test_top_movers_of_the_last_24_hours(trial: Trial) -> None:
    trades = [
        binance_trade("BTCUSDT", 1, "2026-01-01 11:59:00", "50", "1"),
        binance_trade("BTCUSDT", 2, "2026-01-01 12:00:00", "100", "1"),
        binance_trade("BTCUSDT", 3, "2026-01-02 11:59:30", "90", "2"),
        binance_trade("ETHUSDT", 4, "2026-01-02 09:00:00", "10", "1"),
        binance_trade("ETHUSDT", 5, "2026-01-02 10:00:00", "11", "1"),
        binance_trade("SHIBUSDT", 6, "2026-01-01 09:00:00", "1", "1"),
    ]
    _build(trial, trades, "fct_top_movers_24h")
    found = trial.rows(
        """select symbol, open, close, high, change_pct, volume, gain_rank, loss_rank
           from marts.fct_top_movers_24h order by symbol"""
    )
    assert found == [
        ("BTCUSDT", 100, 90, 100, -10.0, 3, 2, 1),
        ("ETHUSDT", 10, 11, 11, pytest.approx(10.0), 2, 1, 2),
    ]


def test_venues_are_consolidated_by_what_is_traded(trial: Trial) -> None:
    trades = [
        binance_trade("BTCUSDT", 1, "12:00:00", "100", "1"),
        binance_trade("BTCUSDT", 1, "12:00:30", "104", "3"),
        binance_trade("WHO", 2, "12:00:00", "1", "1"),
    ]
    land(trial, trades[::2])
    land(trial, trades[1:2], first_offset=2, venue="elsewhere")
    trial.must_run()
    found = trial.rows(
        """select base_asset, quote_asset, venue_count, high, low, volume, trade_count, vwap
           from marts.fct_candles_1m_consolidated"""
    )
    assert found == [("BTC", "USDT", 2, 104, 100, 4, 2, 103.0)]


def _build(trial: Trial, trades: Sequence[Trade], model: str) -> None:
    land(trial, trades)
    trial.must_run("--select", f"+{model}")
