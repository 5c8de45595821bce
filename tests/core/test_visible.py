"""What steers a terminal or a reader's eye is spelt out; everything else stays."""

import json

import pytest

from ingest.cli.output import Format, show
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


@pytest.mark.parametrize("form", [Format.TABLE, Format.JSON])
def test_no_payload_steers_the_terminal(form: Format, capsys: pytest.CaptureFixture[str]) -> None:
    payload = "\x1b]0;owned\x07\x1b[2J \x7f \x9b31m \u202eevil"
    show(["payload"], [[payload]], form)
    said = capsys.readouterr().out
    assert not any(character in said for character in "\x1b\x07\x7f\x9b\u202e")
    if form is Format.JSON:
        assert json.loads(said) == [{"payload": payload}]
