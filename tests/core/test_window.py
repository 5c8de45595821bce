"""Windows: nothing is read twice, nothing is passed over in silence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.core.window import Bounds, Partition, Window, lost_window, pending_window

PARTITION = Partition("binance.trades", 1, 0)
OFFSETS = st.integers(0, 2**62)


@st.composite
def bounds(draw: st.DrawFn) -> Bounds:
    start, end = sorted((draw(OFFSETS), draw(OFFSETS)))
    return Bounds(start, end)


@given(position=OFFSETS, held=bounds())
def test_what_is_lost_and_what_is_pending_lie_end_to_end(position: int, held: Bounds) -> None:
    lost, pending = lost_window(PARTITION, position, held), pending_window(PARTITION, position, held)
    if lost is None:
        assert pending.first == position
    else:
        assert (lost.first, lost.end) == (position, pending.first)
        assert not lost.is_empty
        assert pending.first == held.start
    assert pending.end == max(held.end, pending.first)


@given(position=OFFSETS, held=bounds())
def test_only_what_the_log_holds_is_read(position: int, held: Bounds) -> None:
    pending = pending_window(PARTITION, position, held)
    if not pending.is_empty:
        assert held.start <= pending.first < pending.end == held.end


@given(position=OFFSETS, held=bounds())
def test_reading_to_the_end_leaves_nothing(position: int, held: Bounds) -> None:
    end = pending_window(PARTITION, position, held).end
    assert pending_window(PARTITION, end, held).is_empty
    assert lost_window(PARTITION, end, held) is None


@given(position=OFFSETS, held=bounds(), more=OFFSETS)
def test_the_next_window_begins_where_the_last_one_ended(position: int, held: Bounds, more: int) -> None:
    before = pending_window(PARTITION, position, held)
    after = pending_window(PARTITION, before.end, Bounds(held.start, max(held.end, before.end) + more))
    assert (after.first, after.end - after.first) == (before.end, more)


@pytest.mark.parametrize(("first", "end"), [(2, 1), (-1, 3), (-2, -1)])
def test_a_window_runs_forward_from_zero(first: int, end: int) -> None:
    with pytest.raises(ValueError, match="not a window"):
        Window(PARTITION, first, end)


def test_windows_name_themselves_in_messages() -> None:
    assert str(Window(PARTITION, 3, 7)) == "binance.trades[0] [3, 7)"
    assert str(Window(Partition("binance.trades", 2, 1), 3, 7)) == "binance.trades[1] (life 2) [3, 7)"
