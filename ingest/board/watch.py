"""One watcher for all viewers: it looks at the warehouse once a beat, whoever looks on.

viewers' views ─▶ one turn at the file ─▶ a snapshot per view ─▶ each viewer's stream

While the file is busy viewers keep what they have, and are told how old it is.
"""

import asyncio
import json
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import duckdb
from starlette.concurrency import run_in_threadpool

from ingest.board.questions import View, read_gaps, read_markets, read_view
from ingest.core.beats import beats
from ingest.core.errors import TickhouseError
from ingest.core.settings import Settings
from ingest.operations.looking import looking
from ingest.operations.status import read_status
from ingest.warehouse.engine import capabilities_of

log = logging.getLogger(__name__)

WAIT_SECONDS = 3.0
TIME_LIMIT = 2.0
SLOWLY_SECONDS = 15.0
"""Between looks at gaps and at topics, whose questions are larger."""
VIEWS_AT_ONCE = 12
"""More different ones would keep ingestion waiting."""


@dataclass(slots=True)
class _Seen:
    """What was last found of a view."""

    text: str = ""
    version: int = 0
    gaps: list[dict[str, Any]] = field(default_factory=list)


class Full(TickhouseError):
    """So many different views are watched that one more would keep ingestion waiting."""


class Watch:
    """Looks as long as somebody looks on."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._viewers: Counter[View] = Counter()
        self._seen: dict[View, _Seen] = {}
        self._markets: list[list[str]] = []
        self._topics: list[dict[str, Any]] = []
        self._slowly_at = float("-inf")
        self._changed = asyncio.Condition()
        # Nothing is new in the warehouse more often than a run's turn; on Snowflake each question costs.
        self._beat = beats(settings, capabilities_of(settings).beats).turn

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            async with self._changed:
                await self._changed.wait_for(lambda: self._viewers.total() > 0)
            await run_in_threadpool(self._look, list(self._viewers))
            async with self._changed:
                self._changed.notify_all()
            await asyncio.sleep(self._beat)

    async def follow(self, view: View) -> AsyncIterator[str]:
        """The view's snapshots as JSON, each once; Full if too much is watched already."""
        if view not in self._viewers and len(self._viewers) >= VIEWS_AT_ONCE:
            raise Full(f"{VIEWS_AT_ONCE} different markets or widths are watched; close one of them.")
        self._viewers[view] += 1
        try:
            seen = 0
            while True:
                seen = await self._newer(view, seen)
                yield self._seen[view].text
        finally:
            self._viewers[view] -= 1
            self._viewers += Counter()  # those that nobody watches are forgotten
            if view not in self._viewers:
                self._seen.pop(view, None)

    async def _newer(self, view: View, than: int) -> int:
        """The version of the next snapshot, as soon as there is one."""
        async with self._changed:
            self._changed.notify_all()  # also the watcher, which sleeps while nobody looks on
            await self._changed.wait_for(lambda: self._version(view) > than)
            return self._version(view)

    def _version(self, view: View) -> int:
        return self._seen[view].version if view in self._seen else 0

    def _look(self, views: Sequence[View]) -> None:
        self._look_slowly(views)
        try:
            with looking(self._settings, WAIT_SECONDS, TIME_LIMIT) as connection:
                self._markets = read_markets(connection)
                found = {view: read_view(connection, view) for view in views}
        except (TickhouseError, duckdb.Error) as error:
            log.info("The last snapshot stands: %s", error)
            return
        for view, drawn in found.items():
            seen = self._seen.setdefault(view, _Seen())
            told = {
                "view": asdict(view),
                "read_at": time.time(),
                "markets": self._markets,
                "topics": self._topics,
                "gaps": seen.gaps,
            }
            seen.text = json.dumps(told | drawn, default=str)
            seen.version += 1

    def _look_slowly(self, views: Sequence[View]) -> None:
        """What may fail without the rest."""
        is_new = any(view not in self._seen for view in views)
        if time.monotonic() - self._slowly_at < SLOWLY_SECONDS and not is_new:
            return
        self._slowly_at = time.monotonic()
        try:
            status = read_status(self._settings, WAIT_SECONDS)
            self._topics = [asdict(topic) for topic in status.topics if topic.end or topic.landed]
            with looking(self._settings, WAIT_SECONDS, TIME_LIMIT) as connection:
                for view in views:
                    self._seen.setdefault(view, _Seen()).gaps = read_gaps(connection, view)
        except (TickhouseError, duckdb.Error) as error:
            log.info("Gaps and topics stand as they were: %s", error)
