"""What steers a terminal or a reader's eye is spelt out; everything else stays."""

import pytest

from ingest.core.visible import visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("BTCUSDT", "BTCUSDT"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("プライス é 🚀", "プライス é 🚀"),
        ("\x1b[2J\x07\x9b31m\r", "\\x1b[2J\\x07\\x9b31m\\r"),
        ("\u202eevil\u2066\u200f", "\\u202eevil\\u2066\\u200f"),
        ("zero\u200bwidth\u2028", "zero\\u200bwidth\\u2028"),
        ("\ud800", "\\ud800"),
    ],
)
def test_it_is_seen(text: str, shown: str) -> None:
    assert visible(text) == shown
