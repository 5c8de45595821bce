"""How long the warehouse file is left to others after a turn.

Our own commands wait for it in line; tools that know no lock (DBeaver, another CLI) need a gap to get in.
"""

import time

SHORT_SECONDS = 0.05
LONG_SECONDS = 0.3
EVERY_SECONDS = 1.0


class FreeTime:
    """A moment each time that the file is given back, and once a second a longer one, whatever waits."""

    def __init__(self) -> None:
        self._free_since = self._was_long_at = self._free_until = time.monotonic()

    def taken(self) -> None:
        now = time.monotonic()
        if now - self._free_since >= LONG_SECONDS:
            self._was_long_at = now

    def given_back(self) -> None:
        now = self._free_since = time.monotonic()
        self._free_until = now + SHORT_SECONDS
        if now - self._was_long_at >= EVERY_SECONDS - LONG_SECONDS:
            self._free_until = self._was_long_at = now + LONG_SECONDS

    @property
    def left(self) -> float:
        """The seconds that it is still to stay free."""
        return max(0.0, self._free_until - time.monotonic())
