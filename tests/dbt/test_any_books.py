"""Any changes and snapshots of a book, lost, doubled and late, in any cuts: the ladders are those that plain
Python makes message by message, and every model of books equals its rebuild.
"""

import json
from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.dbt.book_models import OF_BOOKS
from tests.dbt.conftest import FreshTrial
from tests.dbt.feeds import START, epoch_ms
from tests.dbt.log import as_record
from tests.dbt.reference_book import differing, expected_books, found_books
from tests.dbt.test_any_trades import ANY

LEVELS = st.lists(
    st.tuples(
        st.integers(1, 30).map(lambda half: f"{half / 2:.2f}"),
        st.sampled_from(["0.00", "0.00000001", "1", "2.5"]),
    ),
    max_size=4,
)
# Until the next message: mostly at once, now and then past what the book is kept for (two minutes).
SECONDS = st.sampled_from([0, 1, 1, 1, 60, 121])


@st.composite
def batches(draw: st.DrawFn) -> list[list[bytes]]:
    """A book's messages in the venue's order, then lost, doubled, and landed in any of a few batches."""
    landed: list[list[bytes]] = [[] for _ in range(draw(st.integers(1, 4)))]
    last_id, at = 100, START
    for _ in range(draw(st.integers(1, 20))):
        at += timedelta(seconds=draw(SECONDS))
        sides = [[list(level) for level in draw(LEVELS)] for _ in range(2)]
        message: dict[str, object]
        if draw(st.sampled_from([True, False, False, False])):
            snapshot_id = last_id + draw(st.integers(-1, 1))
            message = {"lastUpdateId": snapshot_id, "bids": sides[0], "asks": sides[1]}
        else:
            first_id, last_id = last_id + 1, last_id + draw(st.integers(1, 3))
            message = {"e": "depthUpdate", "E": epoch_ms(at), "s": "BTC", "U": first_id, "u": last_id}
            message |= {"b": sides[0], "a": sides[1]}
        for batch in draw(st.lists(st.sampled_from(landed), max_size=2)):
            batch.append(json.dumps(message).encode())
    return landed


@pytest.mark.slow
@ANY
@given(cuts=batches())
def test_models_of_books_equal_plain_python_and_a_rebuild(
    fresh_trial: FreshTrial, cuts: Sequence[Sequence[bytes]]
) -> None:
    with fresh_trial(OF_BOOKS) as trial:
        offset = 0
        for batch in cuts:
            records = [
                as_record(payload, 0, offset + place, START + timedelta(seconds=offset + place), symbol="BTC")
                for place, payload in enumerate(batch)
            ]
            trial.land("binance.depth", records)
            offset += len(batch)
            trial.must_run()
        assert differing(found_books(trial), expected_books(trial)) == []
        assert trial.differences_to_rebuild() == {}
