"""The simulated book is real: whoever follows snapshots and diffs arrives at what the tickers say."""

import json
from collections import defaultdict
from decimal import Decimal
from itertools import pairwise
from random import Random

import pytest

from ingest.feeds.simulated import order_flow
from ingest.feeds.simulated.book import Book, Side
from ingest.feeds.simulated.market import LARGEST_DIFF
from ingest.feeds.simulated.symbols import SYMBOLS, UNIT
from tests.feeds.replica import BookReplica, top_of_ticker
from tests.feeds.simulation import START_MS, Seen, run

RATES = [20.0, 1_000.0, 50_000.0]


def by_symbol(messages: list[Seen]) -> dict[str, list[Seen]]:
    found: dict[str, list[Seen]] = defaultdict(list)
    for message in messages:
        found[message.symbol].append(message)
    return found


@pytest.mark.parametrize("rate", RATES)
def test_the_book_from_diffs_has_the_best_prices_that_the_tickers_told(rate: float) -> None:
    exact = 0
    for messages in by_symbol(run(8_000, rate)).values():
        replica, ticker_id, top = BookReplica(), 0, None
        for message in messages:
            if message.channel == "depth_snapshot" and replica.update_id is None:
                replica.load(message.payload)
            elif message.channel == "book_ticker":
                top, ticker_id = top_of_ticker(message.payload), message.body["u"]
            elif message.channel == "depth":
                assert replica.apply(message.payload), "a gap"
                assert top in (replica.top(), None)
                exact += ticker_id == replica.update_id
                bid, _, ask, _ = replica.top()
                assert bid < ask
    assert exact > 50, "tickers and diffs hardly ever meet at the same update id"


@pytest.mark.parametrize("rate", RATES)
def test_update_ids_go_on_without_a_gap(rate: float) -> None:
    for messages in by_symbol(run(8_000, rate)).values():
        diffs = [message.body for message in messages if message.channel == "depth"]
        assert diffs
        assert all(diff["U"] <= diff["u"] for diff in diffs)
        assert all(after["U"] == before["u"] + 1 for before, after in pairwise(diffs))


def test_a_snapshot_is_the_book_at_its_update_id() -> None:
    """It may fall into the middle of a diff: the next one overlaps it, as Binance's do."""
    later, overlaps = 0, 0
    for messages in by_symbol(run(25_000, 200.0)).values():
        first, latest = BookReplica(), BookReplica()
        for message in messages:
            if message.channel == "depth_snapshot":
                (first if first.update_id is None else latest).load(message.payload)
            elif message.channel == "depth":
                assert first.apply(message.payload)
                if latest.update_id is not None:
                    overlaps += message.body["U"] <= latest.update_id < message.body["u"]
                    assert latest.apply(message.payload)
                    assert vars(latest) == vars(first)
                    later += 1
    assert later
    assert overlaps


def test_diffs_tell_each_level_once_best_first_and_absent_levels_as_zero() -> None:
    zeros = 0
    for message in run(5_000, 1_000.0):
        if message.channel == "depth":
            bids, asks = ([Decimal(price) for price, _ in message.body[side]] for side in "ba")
            assert bids == sorted(set(bids), reverse=True)
            assert asks == sorted(set(asks))
            zeros += sum(quantity == "0.00000000" for _, quantity in message.body["b"] + message.body["a"])
    assert zeros


def test_diffs_come_each_100_ms_or_sooner_when_they_would_grow_large() -> None:
    for messages in by_symbol(run(20_000, 2_000.0)).values():
        diffs = [message.body for message in messages if message.channel == "depth"]
        for before, after in pairwise(diffs):
            is_large = (
                before["u"] - before["U"] + 1 >= LARGEST_DIFF or after["u"] - after["U"] + 1 >= LARGEST_DIFF
            )
            assert is_large or before["E"] // 100 < after["E"] // 100


def test_each_symbol_has_a_snapshot_first_and_one_a_minute() -> None:
    for messages in by_symbol(run(8_000, 50.0)).values():
        assert messages[0].channel == "depth_snapshot"
        minutes = [
            message.received_ns // 60_000_000_000
            for message in messages
            if message.channel == "depth_snapshot"
        ]
        assert minutes == list(range(minutes[0], minutes[-1] + 1))
        assert len(minutes) >= 3


def test_prices_and_quantities_are_whole_ticks_and_lots() -> None:
    for message in run(6_000, 1_000.0):
        if message.channel == "trade":
            (symbol,) = (symbol for symbol in SYMBOLS if symbol.name == message.symbol)
            price, quantity = (int(Decimal(message.body[name]) * UNIT) for name in "pq")
            assert price % symbol.tick == 0 < price
            assert quantity % symbol.lot == 0 < quantity


def test_trades_take_their_quantity_from_the_best_price(monkeypatch: pytest.MonkeyPatch) -> None:
    changes: list[tuple[Side, int, int, int]] = []
    put = Book.put

    def watched(book: Book, side: Side, price: int, quantity: int) -> None:
        best = side.price_at(0) if side.prices else price
        changes.append((side, price - best, price, side.quantities.get(price, 0) - quantity))
        put(book, side, price, quantity)

    monkeypatch.setattr(Book, "put", watched)
    traded = 0
    for symbol in SYMBOLS:
        flow = order_flow.OrderFlow(symbol, Random(3), START_MS, 1)
        for step in range(3_000):
            fills = flow.act(START_MS + step)
            side = flow.book.asks if flow.taker_buys else flow.book.bids
            for (price, quantity), change in zip(fills, changes[-len(fills) :] if fills else [], strict=True):
                assert change == (side, 0, price, quantity)
                traded += 1
    assert traded > 1_000


def test_the_clean_exchange_never_crosses() -> None:
    for message in run(10_000, 5_000.0):
        if message.channel == "book_ticker":
            bid, bid_quantity, ask, ask_quantity = top_of_ticker(message.payload)
            assert 0 < bid < ask
            assert min(bid_quantity, ask_quantity) > 0
        if message.channel == "depth_snapshot":
            body = json.loads(message.payload)
            assert Decimal(body["bids"][0][0]) < Decimal(body["asks"][0][0])
