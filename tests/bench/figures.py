"""What a benchmark found, beside what it should reach."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Target:
    """A bound of design.md's last table, on the value or on the ratio."""

    sign: Literal[">=", "<="]
    bound: float
    of: Literal["value", "ratio"] = "value"

    def is_reached(self, figure: "Figure") -> bool | None:
        found = figure.value if self.of == "value" else figure.ratio
        if found is None:
            return None
        return found >= self.bound if self.sign == ">=" else found <= self.bound


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. No value: the note says why."""

    what: str
    value: float | None
    unit: str = ""
    ratio: float | None = None
    against: str = ""
    """What the ratio compares to."""
    target: Target | None = None
    note: str = ""

    @property
    def is_reached(self) -> bool | None:
        return None if self.target is None else self.target.is_reached(self)


@dataclass(slots=True)
class Findings:
    """Everything one benchmark has to tell; `raw` is for whoever wants to look closer."""

    figures: list[Figure] = field(default_factory=list)
    raw: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Bench:
    """What every benchmark is given."""

    home: Path
    """Scratch of its own, kept from run to run: environments of peers, topics."""
    is_full: bool
    minutes: float
    """How long freshness is watched at each rate."""
    say: Callable[[str], None]


def ratio(value: float | None, to: float | None) -> float | None:
    """None where either could not be measured."""
    return None if value is None or not to else value / to
