"""Spellings of options that are taken besides the one that help shows.

--symbol ─▶ --symbols, and back       one or many: whichever the command has
--from ─▶ --since, --to ─▶ --until
--symbol X ─▶ X                       where the command takes it without a name
--home DIR                            TICKHOUSE_HOME, before the command or behind it
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand

SAME = {"--from": "--since", "--to": "--until", "--since": "--from", "--offset": "--from"}
HOME = "--home"


class Command(TyperCommand):
    """A command of ours; every one is made with it."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        options = {name for one in self.params for name in (*one.opts, *one.secondary_opts)}
        nameless = {one.name for one in self.params if one.param_type_name == "argument"}
        return super().parse_args(ctx, list(_ours(args, options, nameless)))


def use_home(home: str) -> None:
    """For this process and all that it starts; a relative one is where we stand."""
    if not home:
        raise typer.BadParameter("--home: a folder.")
    os.environ["TICKHOUSE_HOME"] = str(Path(home).expanduser().absolute())


def _ours(given: Sequence[str], options: set[str], nameless: set[str | None]) -> Iterator[str]:
    words = iter(given)
    for word in words:
        if word == "--":
            yield word
            yield from words
            return
        name, has_value, value = word.partition("=")
        if name == HOME:
            use_home(value if has_value else next(words, ""))
        elif not name.startswith("--") or name in options:
            yield word
        elif other := next((one for one in _others(name) if one in options), None):
            yield other + has_value + value
        elif any(one.removeprefix("--") in nameless for one in (name, *_others(name))):
            if has_value:
                yield value
        else:
            yield word


def _others(name: str) -> list[str]:
    """Other spellings of the same."""
    number = name[:-1] if name.endswith("s") else f"{name}s"
    return [number, *([SAME[name]] if name in SAME else [])]
