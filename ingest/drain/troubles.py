"""What cannot be read: remembered for a while, so that everything else is read around it.

a read that raises ─▶ begin ─▶ around(plan): without that partition, until it is tried again
"""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from ingest.core.errors import NeedsAttention, RecordsUnreadable
from ingest.core.visible import visible
from ingest.drain.plan import Plan

RETRY_SECONDS = 10.0
"""Somebody may have passed over it (`tickhouse skip`), or mended what was wrong."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Trouble:
    error: NeedsAttention
    retry_at: float

    @property
    def is_recent(self) -> bool:
        return time.monotonic() < self.retry_at

    def stops(self, partition: int, first: int) -> bool:
        """Whether that partition, read on from there, would meet it again."""
        error = self.error
        if not isinstance(error, RecordsUnreadable):
            return True
        return error.partition == partition and error.first == first


class Troubles:
    """Of one drain."""

    def __init__(self, retry_seconds: float = RETRY_SECONDS) -> None:
        self._retry_seconds = retry_seconds
        self._found: dict[str, list[_Trouble]] = {}

    @property
    def by_topic(self) -> Mapping[str, NeedsAttention]:
        """The first of each topic."""
        return {topic: found[0].error for topic, found in self._found.items()}

    def begin(self, topic: str, error: NeedsAttention) -> None:
        known = self._found.setdefault(topic, [])
        if all(str(error) != str(trouble.error) for trouble in known):
            log.error("%s", visible(str(error)))
        kept = [trouble for trouble in known if trouble.is_recent and str(trouble.error) != str(error)]
        self._found[topic] = [*kept, _Trouble(error, time.monotonic() + self._retry_seconds)]

    def came(self, topic: str) -> None:
        """A batch of it could be read: what is left are its records that cannot."""
        if topic in self._found:
            kept = [each for each in self._found[topic] if isinstance(each.error, RecordsUnreadable)]
            self._found[topic] = kept
            if not kept:
                del self._found[topic]

    def around(self, plan: Plan) -> Plan:
        """The plan without what is known not to be readable. What has been passed over is forgotten."""
        topic = plan.topic.name
        if topic not in self._found:
            return plan
        standing = [
            trouble
            for trouble in self._found[topic]
            if any(trouble.stops(number, first) for number, (first, _) in plan.windows.items())
        ]
        if not standing:
            del self._found[topic]
            return plan
        self._found[topic] = standing
        readable = {
            number: (first, end)
            for number, (first, end) in plan.windows.items()
            if not any(trouble.is_recent and trouble.stops(number, first) for trouble in standing)
        }
        return replace(plan, windows=readable)
