"""The simulated exchange is repeatable, believable, and its streams agree with each other."""

import statistics
import time
from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from itertools import islice, pairwise
from math import log
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from ingest.core.message import Message
from ingest.core.topics import BY_NAME
from ingest.feeds.simulated import DEFAULT_SYMBOLS, RateClock, SimulatedExchange, WallClock
from ingest.feeds.simulated.clock import LATENCY_MS
from ingest.feeds.simulated.price import PricePath
from tests.feeds.replica import top_of_ticker
from tests.feeds.simulation import EVERY_CHANNEL, START, START_MS, exchange, run, seen

if TYPE_CHECKING:
    from ingest.feeds import Source


def bodies(messages: list[Any], channel: str) -> dict[str, list[dict[str, Any]]]:
    """The messages of a channel, by symbol."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for message in messages:
        if message.channel == channel:
            found[message.symbol].append(message.body)
    return found


def raw(seed: int, count: int = 5_000) -> list[Message]:
    source: Source = exchange(1_000.0, seed, EVERY_CHANNEL)
    return list(islice(source.messages(), count))


def test_the_same_seed_and_start_give_the_same_bytes() -> None:
    assert raw(seed=7) == raw(seed=7)
    assert raw(seed=7) != raw(seed=8)


def test_by_default_only_rows_of_the_topic_table_are_published() -> None:
    topics = {message.topic for message in islice(exchange(1_000.0).messages(), 5_000)}
    assert topics == {"binance.trades", "binance.depth", "binance.book_tickers"} <= BY_NAME.keys()


def test_every_channel_speaks_when_it_is_asked_for() -> None:
    found = {message.channel for message in run(10_000, 2_000.0, topics=EVERY_CHANNEL)}
    assert found == EVERY_CHANNEL.keys()


def test_without_a_channel_that_moves_time_it_refuses() -> None:
    with pytest.raises(ValueError, match="stand still"):
        exchange(1_000.0, topics={"kline_1m": "binance.klines"})


@pytest.mark.parametrize("rate", [1.0, 300.0, 50_000.0])
def test_the_clock_keeps_the_rate(rate: float) -> None:
    messages = run(3_000, rate)
    elapsed_ns = messages[-1].received_ns - messages[0].received_ns
    assert elapsed_ns == pytest.approx(2_999 / rate * 1e9, abs=10 / rate * 1e9)


def test_times_do_not_run_backwards_and_messages_arrive_after_they_happened() -> None:
    messages = run(20_000, 2_000.0)
    assert all(before.received_ns <= after.received_ns for before, after in pairwise(messages))
    events = [
        (message.body["E"], message.received_ns / 1e6) for message in messages if b'"E"' in message.payload
    ]
    assert all(before <= after for (before, _), (after, _) in pairwise(events))
    shortest, longest = LATENCY_MS
    assert all(shortest <= received - event <= longest + 1 for event, received in events)


def test_a_live_feed_has_the_time_of_now() -> None:
    before = time.time_ns()
    messages = list(seen(islice(SimulatedExchange(WallClock(), seed=1).messages(), 200)))
    assert before <= messages[0].received_ns <= messages[-1].received_ns <= time.time_ns()


def test_a_clock_that_is_set_back_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    now = START_MS * 1_000_000
    monkeypatch.setattr(time, "time_ns", lambda: now)
    messages = SimulatedExchange(WallClock(), seed=1).messages()
    list(islice(messages, 100))
    now -= 3_600 * 10**9
    trades = bodies(list(seen(islice(messages, 3_000))), "trade")
    assert max(trade["T"] for trade in trades["BTCUSDT"][5:]) < START_MS - 3_599_000


def test_ids_of_a_later_run_are_new() -> None:
    later = RateClock(START + timedelta(seconds=2), 1_000.0)
    first, second = raw(seed=7), list(islice(SimulatedExchange(later, 7).messages(), 5_000))
    trades = [bodies(list(seen(messages)), "trade")["BTCUSDT"] for messages in (first, second)]
    assert trades[0][-1]["t"] < trades[1][0]["t"]
    tickers = [bodies(list(seen(messages)), "book_ticker")["BTCUSDT"] for messages in (first, second)]
    assert tickers[0][-1]["u"] < tickers[1][0]["u"]


def test_trade_ids_are_consecutive_and_aggregated_trades_cover_them() -> None:
    messages = run(20_000, 1_000.0, topics=EVERY_CHANNEL)
    aggregated = bodies(messages, "agg_trade")
    for symbol, trades in bodies(messages, "trade").items():
        by_id = {trade["t"]: trade for trade in trades}
        assert list(by_id) == list(range(trades[0]["t"], trades[0]["t"] + len(trades)))
        assert all(after["a"] == before["a"] + 1 for before, after in pairwise(aggregated[symbol]))
        for one in aggregated[symbol]:
            parts = [by_id[trade_id] for trade_id in range(one["f"], one["l"] + 1)]
            assert {(part["p"], part["m"], part["T"]) for part in parts} == {(one["p"], one["m"], one["T"])}
            assert sum(Decimal(part["q"]) for part in parts) == Decimal(one["q"])


def test_closed_klines_are_the_minutes_of_the_trades() -> None:
    messages = run(20_000, 100.0, topics=EVERY_CHANNEL)
    trades = bodies(messages, "trade")
    checked = 0
    for symbol, klines in bodies(messages, "kline_1m").items():
        closed = [kline["k"] for kline in klines if kline["k"]["x"]]
        assert len({k["t"] for k in closed}) == len(closed)
        for k in closed:
            inside = [trade for trade in trades[symbol] if k["t"] <= trade["T"] <= k["T"]]
            prices = [Decimal(trade["p"]) for trade in inside]
            assert [Decimal(k[name]) for name in "ohlc"] == [prices[0], max(prices), min(prices), prices[-1]]
            assert (k["f"], k["L"], k["n"]) == (inside[0]["t"], inside[-1]["t"], len(inside))
            assert Decimal(k["v"]) == sum(Decimal(trade["q"]) for trade in inside)
            assert Decimal(k["q"]) == sum(Decimal(trade["q"]) * Decimal(trade["p"]) for trade in inside)
            bought = [trade for trade in inside if not trade["m"]]
            assert Decimal(k["V"]) == sum(Decimal(trade["q"]) for trade in bought)
            checked += 1
    assert checked >= 8


def test_the_rolling_day_is_what_was_traded() -> None:
    messages = run(20_000, 100.0, topics=EVERY_CHANNEL)
    last = bodies(messages, "ticker_24h")["BTCUSDT"][-1]
    trades = [trade for trade in bodies(messages, "trade")["BTCUSDT"] if trade["t"] <= last["L"]]
    prices = [Decimal(trade["p"]) for trade in trades]
    assert (last["F"], last["n"]) == (trades[0]["t"], len(trades))
    assert [Decimal(last[name]) for name in "ohlc"] == [prices[0], max(prices), min(prices), prices[-1]]
    assert Decimal(last["v"]) == sum(Decimal(trade["q"]) for trade in trades)
    assert Decimal(last["p"]) == prices[-1] - prices[0]


def returns(symbol_index: int, seed: int, minutes: int) -> list[float]:
    """One-minute log returns of the hidden price."""
    path = PricePath(DEFAULT_SYMBOLS[symbol_index], Random(seed), START_MS)
    prices = []
    for step in range(minutes * 6):
        path.advance(START_MS + step * 10_000)
        if step % 6 == 0:
            prices.append(path.price)
    return [log(after / before) for before, after in pairwise(prices)]


def test_a_day_of_prices_moves_as_such_a_market_does() -> None:
    for index in range(len(DEFAULT_SYMBOLS)):
        moves = returns(index, seed=11, minutes=1_440)
        assert 4e-4 < statistics.pstdev(moves) < 30e-4
        assert abs(statistics.correlation(moves[:-1], moves[1:])) < 0.12


def test_rough_minutes_come_in_clusters() -> None:
    sizes = [abs(move) for move in returns(0, seed=5, minutes=2_880)]
    assert statistics.correlation(sizes[:-1], sizes[1:]) > 0.12


@pytest.mark.parametrize("rate", [20.0, 2_000.0])
def test_the_spread_stays_near_its_usual_size_at_any_rate(rate: float) -> None:
    tickers: dict[str, list[float]] = defaultdict(list)
    for message in run(10_000, rate):
        if message.channel == "book_ticker":
            bid, _, ask, _ = top_of_ticker(message.payload)
            tickers[message.symbol].append(float(ask - bid))
    for symbol in DEFAULT_SYMBOLS:
        usual = symbol.quote_step / 1e8
        assert 0.5 * usual <= statistics.median(tickers[symbol.name]) <= 3 * usual
        assert statistics.mean(tickers[symbol.name]) < 6 * usual
