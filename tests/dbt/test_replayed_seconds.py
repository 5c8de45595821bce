"""Replayed one-second books are in the ladder of seconds, in depth and in costs, beside our own."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from tests.dbt.book_models import MESSAGES, WHOLE_BOOKS
from tests.dbt.feeds import START, Depth
from tests.dbt.log import Log, as_record
from tests.dbt.second_books import TOPIC, SecondBooks, level, second_book
from tests.dbt.test_book_measures import at, land_books
from tests.dbt.test_planted_bugs import planted
from tests.dbt.trial import Project, Trial, open_trial

DEPTH_1S = "models/marts/order_book/fct_book_depth_1s.sql"
REPLAYED = "macros/book/replayed_seconds.sql"
SECONDS = ("+fct_cost_to_trade_1s", "+fct_book_depth_1s", "+fct_book_ladder_1s_filled")
OF_SECONDS = frozenset(
    (
        *MESSAGES,
        *WHOLE_BOOKS,
        "int_book_seconds_closed",
        *("stg_replay__second_books", "stg_replay__second_levels", "fct_lob_levels_1s"),
        *("fct_book_ladder_1s", "fct_book_depth_1s", "fct_cost_to_trade_1s", "fct_book_ladder_1s_filled"),
    )
)
EPOCH = int(START.timestamp()) + 1

# At mid 100: 5 bid at 99.99 and 2 at 99.5, nothing at 99.98; 4 asked at 100.02, 1 at 101.
BIDS = [level("-0.0001", "499.95"), level("-0.0002", "0.0"), level("-0.005", "199")]
ASKS = [level("0.0002", "400.08"), level("0.01", "101")]


def land_seconds(trial: Trial, payloads: Sequence[bytes], symbol: str = "BTCUSDT") -> None:
    records = [as_record(payload, 0, n, START, symbol=symbol) for n, payload in enumerate(payloads)]
    trial.land(TOPIC, records)


@pytest.fixture
def seconds(trial: Trial) -> Trial:
    """Two books in the first second, of which the later one counts; our own books of the same market."""
    land_books(trial)
    land_seconds(trial, [second_book(1.9, 100, BIDS, ASKS), second_book(1.2, 90, BIDS, ASKS)])
    trial.must_run("--select", *SECONDS)
    return trial


def test_the_ladder_is_the_last_book_of_the_second(seconds: Trial) -> None:
    found = seconds.rows(
        """select epoch, sequence, window_start_at, bid_price_00, bid_quantity_00, bid_price_01, bid_price_02,
               ask_price_00, ask_quantity_01, first_offset
           from marts.fct_book_ladder_1s where kafka_topic = 'replay.second_books'"""
    )
    [(epoch, sequence, start, *levels, offset)] = found
    assert (epoch, sequence, start, offset) == (EPOCH, EPOCH, at(1), 0)
    assert [None if value is None else float(value) for value in levels] == [99.99, 5, 99.5, None, 100.02, 1]


def test_its_depth_and_costs(seconds: Trial) -> None:
    [row] = seconds.rows(
        f"""select mid_price, bid_quantity_1bps, bid_quantity_5bps, bid_quantity_100bps, ask_quantity_1bps,
                ask_quantity_5bps, ask_quantity_100bps, imbalance_1_levels
            from marts.fct_book_depth_1s where epoch = {EPOCH}"""
    )
    # Mid is 100.005 between the best prices, the ask at 101 lies 99.495 bps away.
    assert [float(value) for value in row] == [100.005, 0, 5, 7, 0, 4, 5, pytest.approx(1 / 9)]
    [(filled, complete)] = seconds.rows(
        f"""select filled_notional, is_complete from marts.fct_cost_to_trade_1s
            where epoch = {EPOCH} and side = 'buy' and target_notional = 1000"""
    )
    assert (float(filled), complete) == (pytest.approx(501.08), False)


def test_our_own_seconds_stand_beside_it(seconds: Trial) -> None:
    counts = {
        table: seconds.rows(f"select kafka_topic, count(*) from marts.{table} group by all order by all")
        for table in ("fct_book_ladder_1s", "fct_book_ladder_1s_filled", "fct_book_depth_1s")
    }
    assert counts == {
        "fct_book_ladder_1s": [("binance.depth", 3), (TOPIC, 1)],
        "fct_book_ladder_1s_filled": [("binance.depth", 4), (TOPIC, 1)],
        "fct_book_depth_1s": [("binance.depth", 3), (TOPIC, 1)],
    }


def test_they_equal_a_rebuild(project: Project, tmp_path: Path) -> None:
    with open_trial(replace(project, chosen=OF_SECONDS), tmp_path) as trial:
        live_through_seconds(trial, Random(5))
        assert trial.rows(
            f"select count(*) > 100 from marts.fct_book_depth_1s where kafka_topic = '{TOPIC}'"
        )[0][0]
        assert trial.differences_to_rebuild() == {}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "right", "wrong"),
    [
        (
            REPLAYED,
            "qualify\n        levels.event_at\n        = max(",
            "qualify\n        levels.event_at\n        >= min(",
        ),
        (
            DEPTH_1S,
            "row_number() over (order by venue, symbol, epoch)",
            "row_number() over (order by epoch) // 2",
        ),
    ],
    ids=["all books of a second are taken", "two seconds share a number"],
)
def test_a_bug_there_is_found(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, right: str, wrong: str
) -> None:
    monkeypatch.setattr(*planted(project.manifest, file, right, wrong))
    with open_trial(replace(project, chosen=OF_SECONDS), tmp_path) as trial:
        live_through_seconds(trial, Random(5))
        failed = {name for name, status in trial.test("--vars", "{audit: full}").items() if status != "pass"}
        assert failed or trial.differences_to_rebuild()


def live_through_seconds(trial: Trial, random: Random) -> None:
    """Books of both kinds, late, doubled, contradicted and replayed."""
    logs = [Log(SecondBooks(random), random), Log(Depth(random), random)]
    for _ in range(6):
        for log in logs:
            batch = trial.land(log.feed.topic, log.batch(60))
            if random.random() < 0.3:
                trial.replay(log.feed.topic, max(1, batch - 3), batch)
        trial.must_run()
    trial.land(TOPIC, logs[0].held_back, kind="repair")
