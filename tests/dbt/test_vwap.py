"""VWAP, TWAP and bands: by hand, and as fractions of whole numbers give them, whatever the size of prices."""

from fractions import Fraction
from pathlib import Path

import pytest

from tests.dbt.reference_vwap import assert_averages
from tests.dbt.trades import binance_trade, land, made_up_trades
from tests.dbt.trial import Trial


def test_the_session_by_hand(trial: Trial) -> None:
    trades = [
        binance_trade("BTCUSDT", 1, "12:00:00", "100", "1"),
        binance_trade("BTCUSDT", 2, "12:00:30", "104", "3"),
        binance_trade("BTCUSDT", 3, "12:02:00", "99", "4"),
        binance_trade("BTCUSDT", 4, "2026-01-02 00:00:00", "90", "1"),
    ]
    land(trial, trades)
    trial.must_run("--select", "+fct_vwap_session")
    found = trial.rows(
        """select vwap, twap, vwap_stddev, lower_band_2, upper_band_3, volume, trade_count
           from marts.fct_vwap_session order by window_start_at"""
    )
    # 412 / 4, 808 / 8; squares of deviations 9 + 3*1, and 1 + 3*9 + 4*4; two minutes at 104, one at 99.
    assert found == [
        pytest.approx(row)
        for row in [
            (103, 104, 3**0.5, 103 - 2 * 3**0.5, 103 + 3 * 3**0.5, 4, 2),
            (101, 307 / 3, 5.5**0.5, 101 - 2 * 5.5**0.5, 101 + 3 * 5.5**0.5, 8, 3),
            (90, 90, 0, 90, 90, 1, 1),
        ]
    ]


def test_a_late_trade_reaches_an_hour_and_no_further(trial: Trial) -> None:
    land(
        trial,
        [
            binance_trade("BTCUSDT", 2, "12:59:00", "100", "1"),
            binance_trade("BTCUSDT", 3, "13:00:00", "100", "1"),
        ],
    )
    trial.must_run("--select", "+fct_vwap_rolling_1m")
    land(trial, [binance_trade("BTCUSDT", 1, "12:00:59", "106", "1")], first_offset=2)
    trial.must_run("--select", "+fct_vwap_rolling_1m")
    found = trial.rows("select vwap_60m, vwap_15m from marts.fct_vwap_rolling_1m order by window_start_at")
    assert found == [(106, 106), (103, 100), (100, 100)]


def test_a_new_minute_looks_back_an_hour(trial: Trial) -> None:
    """In batches of one: what the window needs besides lies in none of the changed rows."""
    for offset, (time, price) in enumerate([("12:00:59", "106"), ("12:50:00", "100"), ("12:59:59", "100")]):
        land(trial, [binance_trade("BTCUSDT", offset, time, price, "1")], first_offset=offset)
        trial.must_run("--select", "+fct_vwap_rolling_1m")
    found = trial.rows("select vwap_60m, vwap_15m from marts.fct_vwap_rolling_1m order by window_start_at")
    assert found == [(106, 106), (103, 100), (102, 100)]


def test_anchored_at_any_instant(trial: Trial, tmp_path: Path) -> None:
    trades = [
        binance_trade("BTCUSDT", 1, "12:00:10", "100", "1"),
        binance_trade("BTCUSDT", 2, "12:00:20", "104", "1"),
        binance_trade("BTCUSDT", 3, "12:02:00", "110", "3"),
        binance_trade("ETHUSDT", 4, "12:01:00", "7", "1"),
    ]
    land(trial, trades)
    trial.must_run("--select", "+fct_candles_1m_filled")
    asked = "from marts.vwap_anchored('binance', 'BTCUSDT', timestamp '2026-01-01 12:00:20')"
    averages = f"select vwap, twap, volume, trade_count {asked}"
    assert trial.rows(averages) == [(434 / 4, 318 / 3, 4, 2)]
    assert trial.rows_of_copy(averages, tmp_path / "snapshot.duckdb") == trial.rows(averages)
    assert trial.rows(asked.replace("12:00:20", "12:02:01")) == []


@pytest.mark.parametrize("price", ["0.00000001", "0.00002345", "61837.63", "1000000"])
def test_a_tick_keeps_its_variance(trial: Trial, price: str) -> None:
    tick = Fraction("0.00000001") if price.startswith("0") else Fraction("0.01")
    higher = f"{float(Fraction(price) + tick):.8f}"
    prices = [price, higher, higher, price]
    land(trial, [binance_trade("X", n, f"12:0{n}:00", p, "7") for n, p in enumerate(prices)])
    trial.must_run("--select", "+fct_vwap_session")
    [found] = trial.rows("select vwap_stddev from marts.fct_vwap_session order by volume desc limit 1")
    assert found[0] == pytest.approx(float(tick) / 2, rel=1e-6)


def test_sessions_and_rolling_windows_of_any_trades(trial: Trial) -> None:
    trades = made_up_trades(seed=5, count=600)
    for cut in range(0, 600, 250):
        land(trial, trades[cut : cut + 250], first_offset=cut)
        trial.must_run("--select", "+fct_vwap_session", "fct_vwap_rolling_1m")
    assert_averages(trial, trades)
