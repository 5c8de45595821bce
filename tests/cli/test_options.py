"""One spelling for each thing in all commands; earlier spellings, and those of other tools, are taken too."""

from collections.abc import Iterator
from typing import Any

import pytest
import typer

from ingest.cli import app
from ingest.cli.options import listed
from ingest.cli.spellings import Command
from tests.cli.conftest import Run

REFUSED = {
    "--symbol": "a market by itself stands without a name, several are --symbols",
    "--topic": "a topic by itself stands without a name, several are --topics",
    "--fault": "--faults",
    "--channel": "--channels",
    "--dataset": "--datasets",
    "--from": "--since",
    "--to": "--until",
    "--start-time": "--since",
    "--limit": "--messages, --lines",
    "--count": "--messages, --lines",
    "--force-yes": "--yes",
    "--output": "--format",
    "--json": "--format json",
    "--background": "--detach",
}
"""Spellings that no command may have, and what it is called here."""
ALLOWED = {
    # Whose data a file holds is a fact to be told, beside the file that the command is about.
    ("publish capture", "--symbol"),
    ("publish ohlcv", "--symbol"),
    ("publish l2", "--symbol"),
    ("publish backfill", "--symbol"),
    # Not times: warehouses, and a place in a topic.
    ("copy", "--from"),
    ("copy", "--to"),
    ("topics consume", "--from"),
}
SHORT = {"--yes": "-y", "--follow": "-f", "--messages": "-n", "--lines": "-n", "--detach": "-d"}


def commands() -> Iterator[tuple[str, Any]]:
    """Those that do something, with the words that call them."""
    for name, command in vars(typer.main.get_command(app))["commands"].items():
        inner = vars(command).get("commands", {})
        yield name, command
        yield from ((f"{name} {word}", one) for word, one in inner.items())


COMMANDS = dict(commands())
OPTIONS = [
    (name, option)
    for name, command in COMMANDS.items()
    for option in command.params
    if option.param_type_name == "option"
]


def long_names(option: Any) -> list[str]:
    return [name for name in option.opts if name.startswith("--")]


def kind(option: Any) -> Any:
    """Some take one of a few words where others take any."""
    annotation = option.type_descriptor.annotation
    return str if isinstance(annotation, type) and issubclass(annotation, str) else annotation


def test_no_command_has_a_spelling_of_its_own() -> None:
    own = {(name, word) for name, option in OPTIONS for word in long_names(option)}
    assert {(name, word): REFUSED[word] for name, word in own - ALLOWED if word in REFUSED} == {}
    assert own >= ALLOWED, "what is gone is not allowed any more"


def test_what_is_one_thing_is_read_and_told_alike() -> None:
    for word in {word for _, option in OPTIONS for word in long_names(option)}:
        found = [(name, option) for name, option in OPTIONS if word in option.opts]
        kinds = {(kind(one), one.multiple, one.is_flag) for _, one in found}
        assert len(kinds) == 1, f"{word} is not the same in {[name for name, _ in found]}"
        for name, option in found:
            short = {one for one in option.opts if one not in long_names(option)}
            assert short == ({SHORT[word]} if word in SHORT else set()), name
            assert option.help, f"{name} {word} says nothing of itself"
            assert len(long_names(option)) == 1, f"{name}: a second spelling belongs into spellings.py"


def test_a_list_has_a_plural_name_and_a_single_value_has_not() -> None:
    lists = {word for _, option in OPTIONS if option.multiple for word in long_names(option)}
    assert {word for word in lists if not word.endswith("s")} == {"--with", "--select", "--column"}


def test_every_command_takes_other_spellings() -> None:
    groups = {name.split()[0] for name in COMMANDS if " " in name}
    assert {name for name, one in COMMANDS.items() if not isinstance(one, Command)} == groups


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["replay", "--topic", "nope"], "no topic nope"),
        (["replay", "--topic=nope"], "no topic nope"),
        (["replay", "binance.trades", "--from", "2026-02-01", "--to", "2026-01-01"], "--since 2026-02-01"),
        (["drain", "--topic", "nope,neither"], "no topic nope, neither"),
        (["drain", "--topics", "nope", "--topic", "neither"], "no topic nope, neither"),
        (["publish", "simulated", "--fault", "floods=1"], "floods"),
        (["publish", "simulated", "--symbol", "nope"], "NOPE"),
        (["publish", "ticks", "--symbols", "gold", "--symbols", "eua"], "GOLD"),
        (["book", "--symbol", "BTCUSDT", "--levels", "0"], "--levels"),
        (["topics", "consume", "binance.trades", "--offset", "soon"], "--from soon"),
    ],
    ids=" ".join,
)
def test_other_spellings_are_taken(tickhouse: Run, arguments: list[str], words: str) -> None:
    done = tickhouse(*arguments)
    assert done.exit_code != 0
    assert words in " ".join(done.output.split()), done.output


def test_what_no_spelling_means_is_refused(tickhouse: Run) -> None:
    assert "No such option" in tickhouse("drain", "--sybmols", "X").output
    assert tickhouse("sql", "--home").exit_code == 2


@pytest.mark.parametrize("words", [["--home", "{}", "down"], ["down", "--home", "{}"], ["down", "--home={}"]])
def test_home_stands_before_the_command_or_behind_it(tickhouse: Run, tmp_path: Any, words: list[str]) -> None:
    elsewhere = str(tmp_path / "elsewhere")
    done = tickhouse(*(word.format(elsewhere) for word in words))
    assert done.stdout == f"Nothing is up in {elsewhere}.\n"


def test_lists() -> None:
    assert listed(["a, b", "c,,a"]) == ["a", "b", "c"]
    assert listed(None, "x,y") == ["x", "y"]
    assert listed([""], "x") == []
