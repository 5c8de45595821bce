"""VWAP, TWAP and deviation as fractions of whole numbers give them: what the models must come to."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import groupby

import pytest

from tests.dbt.trades import Trade
from tests.dbt.trial import Trial

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
COLUMNS = {"session": "vwap, twap, volume, vwap_stddev"} | {
    f"rolling_{n}m": f"vwap_{n}m, twap_{n}m, volume_{n}m" for n in (5, 15, 60)
}


def assert_averages(trial: Trial, trades: Sequence[Trade]) -> None:
    """Sessions and rolling windows are those of these trades."""
    expected = {key: _reckoned(trades, key) for key in _minutes(trades)}
    for columns, table in (
        (("session",), "fct_vwap_session"),
        (("rolling_5m", "rolling_15m", "rolling_60m"), "fct_vwap_rolling_1m"),
    ):
        names = ", ".join(COLUMNS[column] for column in columns)
        rows = trial.rows(f"select symbol, window_start_at, {names} from marts.{table}")
        assert len(rows) == len(expected)
        for symbol, start, *figures in rows:
            wanted = [figure for column in columns for figure in expected[symbol, start][column]]
            close = pytest.approx(wanted, rel=1e-9, abs=1e-9 * wanted[0])
            assert [float(figure) for figure in figures] == close, (symbol, start)


def _minutes(trades: Sequence[Trade]) -> set[tuple[str, datetime]]:
    return {(trade.symbol, _floor(trade.at, MINUTE)) for trade in trades}


def _reckoned(trades: Sequence[Trade], key: tuple[str, datetime]) -> dict[str, tuple[float, ...]]:
    symbol, start = key
    ending = start + MINUTE

    def since(begin: datetime) -> list[Trade]:
        found = [trade for trade in trades if trade.symbol == symbol and begin <= trade.at < ending]
        return sorted(found, key=lambda trade: (trade.at, trade.number))

    session = since(_floor(start, DAY))
    reckoned = {"session": (*_averages(session, ending), _deviation(session))}
    return reckoned | {f"rolling_{n}m": _averages(since(ending - n * MINUTE), ending) for n in (5, 15, 60)}


def _averages(trades: Sequence[Trade], ending: datetime) -> tuple[float, float, float]:
    volume = sum(Fraction(trade.quantity) for trade in trades)
    vwap = sum(Fraction(trade.notional) for trade in trades) / volume
    closes = [
        (at, list(group)[-1].price) for at, group in groupby(trades, lambda trade: _floor(trade.at, MINUTE))
    ]
    ends = [at for at, _ in closes[1:]] + [ending]
    held = sum(
        Fraction(price) * ((end - at) // MINUTE) for (at, price), end in zip(closes, ends, strict=True)
    )
    return float(vwap), float(held / ((ending - closes[0][0]) // MINUTE)), float(volume)


def _deviation(trades: Sequence[Trade]) -> float:
    volume = sum(Fraction(trade.quantity) for trade in trades)
    mean = sum(Fraction(trade.price) * Fraction(trade.quantity) for trade in trades) / volume
    squares = sum((Fraction(trade.price) - mean) ** 2 * Fraction(trade.quantity) for trade in trades)
    return math.sqrt(squares / volume)


def _floor(time: datetime, length: timedelta) -> datetime:
    return time - (time - datetime(1970, 1, 1)) % length  # noqa: DTZ001
