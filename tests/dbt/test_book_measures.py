"""What a second's last book and its changes say, reckoned by hand: ladder, depth, cost, order flow."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tests.dbt.feeds import START, epoch_ms
from tests.dbt.log import as_record
from tests.dbt.trial import Project, Trial, open_trial

Levels = Sequence[Sequence[str]]
Change = tuple[float, int, int, Levels, Levels]
"""Seconds from the start, first and last update, bids, asks."""

FIRST = {"lastUpdateId": 10, "bids": [["100", "10"], ["99", "20"]], "asks": [["101", "10"], ["102", "5"]]}
CHANGES: Sequence[Change] = (
    (1.2, 11, 12, [["100", "30"]], []),  # 20 more are bid
    (1.7, 13, 13, [], [["101", "0"], ["120", "40"]]),  # the 10 at the best ask are gone
    (3.0, 14, 14, [["100.5", "1"]], []),  # somebody bids more, for 1
    (4.0, 16, 16, [["100.5", "7"]], []),  # 15 is missing
)
SECOND = {"lastUpdateId": 20, "bids": [["100", "1"]], "asks": [["101", "1"]]}
LATER: Sequence[Change] = ((6.0, 21, 21, [["50", "1"]], []),)


def at(seconds: float) -> datetime:
    return (START + timedelta(seconds=seconds)).replace(tzinfo=None)


def land_books(trial: Trial) -> None:
    payloads = [FIRST, *map(depth_update, CHANGES), SECOND, *map(depth_update, LATER)]
    records = [
        as_record(json.dumps(payload).encode(), 0, n, START + timedelta(seconds=n), symbol="BTCUSDT")
        for n, payload in enumerate(payloads)
    ]
    trial.land("binance.depth", records)


@pytest.fixture(scope="module")
def books(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    with open_trial(project, tmp_path_factory.mktemp("books")) as trial:
        land_books(trial)
        trial.must_run("--select", "+marts.order_book", "int_book_levels_current")
        yield trial


def depth_update(change: Change) -> Mapping[str, object]:
    seconds, first, last, bids, asks = change
    return {
        "e": "depthUpdate",
        "E": epoch_ms(START + timedelta(seconds=seconds)),
        "s": "BTCUSDT",
        "U": first,
        "u": last,
        "b": bids,
        "a": asks,
    }


def test_epochs(books: Trial) -> None:
    found = books.rows(
        """select epoch, last_sequence, message_count, end_reason, started_at, last_known_at,
               known_again_at, unknown_seconds
           from marts.fct_book_epochs order by epoch"""
    )
    # Received as log.py has it: so many milliseconds before the broker, as the offset says.
    first, last, again = (at(offset - offset / 1000) for offset in (0, 3, 5))
    assert found == [
        (10, 14, 4, "gap", first, last, again, 1.998),
        (20, 21, 2, None, again, at(6 - 0.006), None, None),
    ]


def test_ladders_of_seconds_and_those_between(books: Trial) -> None:
    found = books.rows(
        """select epoch, window_start_at, sequence, bid_price_00, bid_quantity_00, bid_price_01,
               ask_price_00, ask_price_02, is_filled
           from marts.fct_book_ladder_1s_filled order by epoch, window_start_at"""
    )
    second = (10, at(1), 13, 100, 30, 99, 102, None, False)
    assert found == [
        second,
        (10, at(2), *second[2:-1], True),
        (10, at(3), 14, Decimal("100.5"), 1, 100, 102, None, False),
        (20, at(6), 21, 100, 1, 50, 101, None, False),
    ]


def test_depth(books: Trial) -> None:
    [row] = books.rows(
        f"""select mid_price, bid_quantity_50bps, bid_quantity_100bps, bid_notional_100bps,
                ask_quantity_50bps, ask_quantity_100bps, ask_notional_100bps,
                imbalance_1_levels, imbalance_5_levels
            from marts.fct_book_depth_1s where window_start_at = '{at(1)}'"""
    )
    # From mid 101, bid 100 and ask 102 are 99.01 bps away, bid 99 and ask 120 more than 100.
    assert row == (101, 0, 30, 3000, 0, 5, 510, 25 / 35, 5 / 95)


def test_cost_to_trade(books: Trial) -> None:
    found = books.rows(
        f"""select side, target_notional, filled_notional, filled_quantity, average_price, slippage_bps,
                is_complete
            from marts.fct_cost_to_trade_1s
            where window_start_at = '{at(1)}' and target_notional <= 10000 order by side, target_notional"""
    )
    assert found == [
        # 5 at 102 for 510, the rest at 120
        ("buy", 1000, 1000, *paid(1000, 5 + 490 / 120), True),
        ("buy", 10000, 5310, *paid(5310, 45), False),
        ("sell", 1000, 1000, *paid(1000, 10), True),
        ("sell", 10000, 4980, *paid(4980, 50), False),
    ]


def paid(notional: float, quantity: float) -> tuple[object, ...]:
    price = notional / quantity
    return quantity, pytest.approx(price), pytest.approx(abs(price / 101 - 1) * 10_000)


def test_order_flow_imbalance(books: Trial) -> None:
    found = books.rows(
        """select epoch, window_start_at, order_flow_imbalance, update_count
           from marts.fct_order_flow_imbalance_1s order by epoch, window_start_at"""
    )
    assert found == [(10, at(1), 20 + 10, 2), (10, at(3), 1, 1), (20, at(6), 0, 1)]


BEFORE_GAP = {("bid", 99, 20), ("bid", 100, 30), ("ask", 102, 5), ("ask", 120, 40)}


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (f"marts.book_at('binance', 'BTCUSDT', timestamp '{at(1.7)}')", BEFORE_GAP),
        (f"marts.book_at('binance', 'BTCUSDT', timestamp '{at(2.9)}')", BEFORE_GAP),
        (f"marts.book_at('binance', 'BTCUSDT', timestamp '{at(1.1)}')", set()),
        (f"marts.book_at('binance', 'BTCUSDT', timestamp '{at(5)}')", set()),
        (f"marts.book_at('binance', 'ETHUSDT', timestamp '{at(2)}')", set()),
        ("marts.book_at_sequence('binance', 'BTCUSDT', 13)", BEFORE_GAP),
        ("marts.book_at_sequence('binance', 'BTCUSDT', 16)", set()),
        ("marts.book_at_sequence('binance', 'BTCUSDT', 20)", {("bid", 100, 1), ("ask", 101, 1)}),
        ("intermediate.int_book_levels_current", {("bid", 100, 1), ("bid", 50, 1), ("ask", 101, 1)}),
    ],
)
def test_whole_books(books: Trial, asked: str, expected: set[tuple[str, int, int]]) -> None:
    assert set(books.rows(f"select side, price, quantity from {asked}")) == expected


def test_whole_books_of_a_snapshot(books: Trial, tmp_path: Path) -> None:
    asked = f"select * from marts.book_at('binance', 'BTCUSDT', timestamp '{at(1.7)}') order by all"
    assert books.rows_of_copy(asked, tmp_path / "snapshot.duckdb") == books.rows(asked) != []
