"""Any trades, landed in any cuts: every model of trades equals its rebuild, and the averages plain Python's.

Hypothesis draws what random lives rarely meet: edges of windows, hours apart, days late, one a batch.
"""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.dbt.conftest import FreshTrial
from tests.dbt.feeds import START
from tests.dbt.reference_vwap import assert_averages
from tests.dbt.test_planted_bugs import ROLLING, planted
from tests.dbt.trades import Trade, binance_trade, land
from tests.dbt.trial import Project

# To shrink takes minutes, and the example says enough as it was drawn.
ANY = settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
OF_TRADES = frozenset(
    (
        *("stg_binance__trades", "stg_coinbase__trades", "stg_kraken__trades"),
        *("fct_trades", "fct_candles_1s", "fct_candles_1m", "fct_candles_1h"),
        *("fct_trade_analytics_1m", "fct_vwap_session", "fct_vwap_rolling_1m", "fct_vwap_rolling_bars"),
        *("fct_realised_volatility_1h", "fct_volume_profile_1d", "fct_price_alerts", "fct_trend_1h"),
    )
)
# Minutes that a frame of 5, 15 or 60 just reaches or just misses, an hour's edge, and the day after.
MINUTES = st.one_of(
    st.sampled_from([0, 1, 4, 5, 14, 15, 59, 60, 61, 119, 120]), st.integers(0, 130), st.just(1440)
)
MILLISECONDS = st.one_of(st.sampled_from([0, 1, 999, 1000, 59_999]), st.integers(0, 59_999))
# A notional is kept to ten decimals: who is as cheap as SHIB is traded in whole pieces.
AMOUNTS = {
    "SHIB": (
        st.integers(1_000, 1_010).map(lambda ticks: f"{ticks / 10**8:.8f}"),
        st.integers(1, 10**9).map(str),
    ),
    "BTC": (
        st.integers(99_999_950, 100_000_050).map(lambda cents: f"{cents / 100:.2f}"),
        st.integers(1, 10**9).map(lambda amount: f"{amount / 10**8:.8f}"),
    ),
}


@st.composite
def batches(draw: st.DrawFn) -> list[list[Trade]]:
    """Trades, each in any of a few batches, and some in two."""
    landed: list[list[Trade]] = [[] for _ in range(draw(st.integers(1, 4)))]
    for number in range(draw(st.integers(1, 25))):
        symbol = draw(st.sampled_from(sorted(AMOUNTS)))
        at = START + timedelta(minutes=draw(MINUTES), milliseconds=draw(MILLISECONDS))
        time = at.replace(tzinfo=None).isoformat()
        price, quantity = (draw(amount) for amount in AMOUNTS[symbol])
        trade = binance_trade(symbol, number, time, price, quantity)
        for batch in draw(st.lists(st.sampled_from(landed), min_size=1, max_size=2)):
            batch.append(trade)
    return landed


@pytest.mark.slow
@ANY
@given(cuts=batches())
def test_models_of_trades_equal_a_rebuild(fresh_trial: FreshTrial, cuts: Sequence[Sequence[Trade]]) -> None:
    with fresh_trial(OF_TRADES) as trial:
        offset = 0
        for batch in cuts:
            land(trial, batch, offset)
            offset += len(batch)
            trial.must_run()
        assert_averages(trial, list({trade.number: trade for batch in cuts for trade in batch}.values()))
        assert trial.differences_to_rebuild() == {}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "right", "wrong"),
    [
        (ROLLING, "candles_back(candles, minutes=59)", "candles_back(candles, minutes=0)"),
        (
            ROLLING,
            "affected_frames(candles, frame_of_minutes(60))",
            "affected_frames(candles, frame_of_minutes(5))",
        ),
    ],
    ids=["does not look back", "forgets rows that stand after what came late"],
)
def test_a_rolling_window_is_found_that(
    fresh_trial: FreshTrial,
    project: Project,
    file: str,
    right: str,
    wrong: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(*planted(project.manifest, file, right, wrong))
    with pytest.raises(AssertionError):
        test_models_of_trades_equal_a_rebuild(fresh_trial)
