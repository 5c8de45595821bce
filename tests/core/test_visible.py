"""What steers a terminal or a reader's eye is spelt out; everything else stays."""

import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from ingest.cli.output import Format, show
from ingest.cli.up import say_on
from ingest.core.visible import visible
from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse


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


ATTACK = "\x1b[2J\x1b]0;owned\x07\u202eevil"
STEERING = "\x1b\x07\u202e"


def test_no_name_of_a_column_steers_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    show([ATTACK, f"[red]{ATTACK}"], [[1, "two"]])
    said = capsys.readouterr().out
    assert "[red]\\x1b[2J" in said
    assert not any(character in said for character in STEERING)


def test_no_error_that_quotes_a_payload_steers_the_terminal(tmp_path: Path) -> None:
    DuckDbWarehouse(tmp_path / "warehouse.duckdb").migrate()
    asked = "select cast(chr(27) || '[2J' || chr(7) || chr(8238) || 'evil' as integer)"
    command = [Path(sys.executable).with_name("tickhouse"), "sql", asked]
    environment = {**os.environ, "TICKHOUSE_HOME": str(tmp_path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "\\x1b[2J" in done.stderr
    assert not any(character in done.stderr for character in STEERING)


def test_no_line_of_a_command_s_log_steers_the_terminal() -> None:
    warns = "import logging; from ingest.core.visible_log import show_warnings; show_warnings(); "
    warns += f"logging.getLogger('exchange').warning('it says %s', {ATTACK!r})"
    done = subprocess.run([sys.executable, "-c", warns], capture_output=True, text=True, check=True)
    assert done.stderr == "it says \\x1b[2J\\x1b]0;owned\\x07\\u202eevil\n"


def test_nothing_that_up_tells_of_a_feed_steers_the_terminal() -> None:
    terminal = StringIO()
    say_on(Console(file=terminal, force_terminal=True, width=200), f"Feed binance: [/] {ATTACK}")
    assert "Feed binance: [/] \\x1b[2J" in terminal.getvalue()
    assert not any(character in terminal.getvalue() for character in STEERING)
