"""When a book needs a snapshot: at the start, and wherever its changes leave a gap.

    spot      ... u=102 │ U=103 u=107           follows
              ... u=102 │ U=110 u=112           gap: unknown until a snapshot with L >= 109
    futures   ... u=102 │ U=150 u=180 pu=102    follows: a change names the one before it

Changes go on to Kafka as they come; nothing is applied here.
"""

import re

NUMBERS = re.compile(rb'"U":\s*(\d+),\s*"u":\s*(\d+)(?:,\s*"pu":\s*(\d+))?')
SNAPSHOT_ID = re.compile(rb'"lastUpdateId":\s*(\d+)')


class Book:
    """How far one symbol's changes reach without a gap."""

    def __init__(self) -> None:
        self._first: int | None = None
        """Where the changes without a gap begin."""
        self._last: int | None = None
        self.wants_snapshot = True

    def change(self, payload: bytes) -> None:
        """Look at a change that came."""
        found = NUMBERS.search(payload)
        if found is None:
            return  # staging will say what is wrong with it
        first, last = int(found[1]), int(found[2])
        before = int(found[3]) if found[3] else first - 1
        if self._last is not None and last <= self._last:
            return  # it came over another connection already
        if self._last is not None and before > self._last:
            self.wants_snapshot = True
            self._first = None
        self._first = first if self._first is None else self._first
        self._last = last

    def accepts(self, payload: bytes) -> bool:
        """Whether the changes that came go on from this snapshot; if not, it is too old."""
        found = SNAPSHOT_ID.search(payload)
        if found is None:
            return True  # asking again would not mend it; staging will say what is wrong with it
        if self._last is None:
            self._last = int(found[1])
        return self._first is None or self._first <= int(found[1]) + 1
