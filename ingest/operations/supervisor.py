"""Starts again what has died, and gives up where that does not help.

a death ─▶ told ─▶ a pause, longer each time ─▶ started again ─▶ told
    └── the tenth in a minute: ServiceFailed, with the last lines of its log
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from ingest.core.errors import ServiceFailed, TickhouseError
from ingest.core.visible import visible
from ingest.operations.log_files import last_lines

MOST_DEATHS = 10
WITHIN_SECONDS = 60.0
PAUSES_SECONDS = (0.2, 0.5, 1.0, 2.0, 3.0)
"""Short enough for ten deaths in a minute, where each comes within three seconds of a start."""
TAIL_LINES = 15


@dataclass(frozen=True, slots=True)
class Death:
    """How something ended that was not meant to."""

    how: str
    """As in "the feed was killed by SIGKILL"."""
    is_violent: bool
    """From outside: nothing says that it would end again."""


class Part(Protocol):
    """Something that is meant to run for as long as we do."""

    @property
    def name(self) -> str: ...

    @property
    def log_path(self) -> Path: ...

    def death(self) -> Death | None:
        """How it has ended by itself, if it has."""
        ...

    def start_again(self) -> None: ...


@dataclass(slots=True)
class Supervised:
    """One part, and how often it has died of late."""

    part: Part
    _deaths: list[float] = field(default_factory=list)
    _start_at: float | None = None

    def look(self, now: float, *, is_starting: bool) -> str | None:
        """What to tell, if something happened. `is_starting`: what ends by itself now will never work."""
        if self._start_at is None:
            death = self.part.death()
            return None if death is None else self._mourn(death, now, is_starting=is_starting)
        if now < self._start_at:
            return None
        self._start_at = None
        try:
            self.part.start_again()
        except TickhouseError as error:
            return self._mourn(Death(f"did not come up ({str(error).rstrip('.')})", is_violent=True), now)
        return f"The {self.part.name} runs again."

    def _mourn(self, death: Death, now: float, *, is_starting: bool = False) -> str:
        if is_starting and not death.is_violent:
            raise failure(self.part, death.how)
        self._deaths = [*(then for then in self._deaths if now - then < WITHIN_SECONDS), now]
        if len(self._deaths) >= MOST_DEATHS:
            raise failure(self.part, f"{death.how}, for the tenth time in a minute")
        pause = PAUSES_SECONDS[min(len(self._deaths), len(PAUSES_SECONDS)) - 1]
        self._start_at = now + pause
        return f"The {self.part.name} {death.how}. It is started again in {pause:g} s."


class Supervisor:
    """All parts of a stack."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._watched: list[Supervised] = []

    def watch(self, part: Part) -> None:
        self._watched.append(Supervised(part))

    def news(self, *, is_starting: bool = False) -> list[str]:
        """What has died and what runs again; ServiceFailed where there is no hope."""
        looks = (each.look(self._clock(), is_starting=is_starting) for each in self._watched)
        return [said for said in looks if said is not None]


def failure(part: Part, how: str) -> ServiceFailed:
    lines = "\n".join(visible(line) for line in last_lines(part.log_path, TAIL_LINES))
    return ServiceFailed(f"The {part.name} {how}. Its log, {part.log_path}, ends:\n{lines}")
