"""Spikes are found by both rules, not across gaps, and withdrawn when the minute turns out otherwise."""

from collections.abc import Sequence

import pytest

from tests.dbt.trades import Trade, binance_trade, land
from tests.dbt.trial import Trial

ALERTS = """select strftime(window_start_at, '%H:%M'), rule, change_pct, robust_z_score
            from marts.fct_price_alerts order by all"""


def minute_by_minute(prices: Sequence[float]) -> list[Trade]:
    return [binance_trade("BTCUSDT", n, f"12:{n:02}:00", str(price), "1") for n, price in enumerate(prices)]


def test_a_jump_in_percent(trial: Trial) -> None:
    _build(trial, minute_by_minute([100, 100.5, 102, 102, 100]))
    assert trial.rows(ALERTS) == [
        ("12:02", "percentage", pytest.approx(150 / 100.5), None),
        ("12:04", "percentage", pytest.approx(-200 / 102), None),
    ]


def test_a_move_that_is_unusual_for_the_hour(trial: Trial) -> None:
    # Changes of 0.01 and 0.02 percent in turn, then one of half a percent.
    prices = [10_000.0]
    for n in range(20):
        prices.append(prices[-1] * (1.0001 if n % 2 else 1.0002))
    prices = [round(price, 6) for price in [*prices, prices[-1] * 1.005]]
    _build(trial, minute_by_minute(prices))
    # Median 0.015, median distance from it 0.005.
    [(minute, rule, change, score)] = trial.rows(ALERTS)
    assert (minute, rule) == ("12:21", "z_score")
    assert change == pytest.approx(0.5)
    assert score == pytest.approx(0.6745 * (0.5 - 0.015) / 0.005, rel=1e-4)


def test_no_alert_across_a_minute_without_a_trade(trial: Trial) -> None:
    trades = [
        binance_trade("BTCUSDT", 1, "12:00:00", "100", "1"),
        binance_trade("BTCUSDT", 2, "12:02:00", "150", "1"),
    ]
    _build(trial, trades)
    assert trial.rows(ALERTS) == []


def test_a_late_minute_gives_the_next_one_its_alert(trial: Trial) -> None:
    _build(trial, [binance_trade("BTCUSDT", 2, "12:01:00", "105", "1")])
    land(trial, [binance_trade("BTCUSDT", 1, "12:00:00", "100", "1")], first_offset=1)
    trial.must_run("--select", "+fct_price_alerts")
    assert trial.rows(ALERTS) == [("12:01", "percentage", 5.0, None)]


def test_an_alert_goes_when_the_minute_closes_otherwise(trial: Trial) -> None:
    _build(trial, minute_by_minute([100, 105]))
    assert len(trial.rows(ALERTS)) == 1
    land(trial, [binance_trade("BTCUSDT", 9, "12:01:59", "100.2", "1")], first_offset=9)
    trial.must_run("--select", "+fct_price_alerts")
    assert trial.rows(ALERTS) == []


def _build(trial: Trial, trades: Sequence[Trade]) -> None:
    land(trial, trades)
    trial.must_run("--select", "+fct_price_alerts")
