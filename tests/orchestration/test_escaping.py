"""No text gets out of the fence that it is put behind."""

import re

from hypothesis import given
from hypothesis import strategies as st

from orchestration.escaping import as_block, as_code

NASTY = st.text(st.sampled_from("`~!x[]() \n\\<>"), max_size=40)


@given(NASTY)
def test_code_ends_at_its_own_fence_only(text: str) -> None:
    shown = as_code(text)
    fence = re.match("`+", shown)
    assert fence is not None
    inner = shown[len(fence[0]) : -len(fence[0])]
    assert len(fence[0]) not in map(len, re.findall("`+", inner))
    assert "\n" not in shown
    assert inner == f" {' '.join(text.split())} "


@given(NASTY)
def test_a_block_ends_at_its_own_fence_only(text: str) -> None:
    first, *lines, last = as_block(text).split("\n")
    assert first == last
    assert len(first) >= 3
    assert all(len(run) < len(first) for line in lines for run in re.findall("`+", line))
    assert "\n".join(lines) == text
