"""What stands in `.env` and has no effect: a name that was mistyped is a setting that nobody obeys."""

from collections.abc import Collection, Iterator
from difflib import get_close_matches
from pathlib import Path

from dotenv import dotenv_values


def without_effect(file: Path, names: Collection[str]) -> Iterator[str]:
    """A sentence for each name that looks like one of `names` and is none; others may stand there."""
    first_words = {name.partition("_")[0] for name in names}
    for name in dotenv_values(file):
        near = get_close_matches(name.upper(), names, n=1, cutoff=0.8)
        if name.upper() in names or not (near or name.upper().partition("_")[0] in first_words):
            continue
        meant = f" Is {near[0]} meant?" if near else ""
        yield f"{name} in {file} has no effect: Tickhouse has no such setting.{meant}"
