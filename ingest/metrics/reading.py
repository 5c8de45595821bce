"""One look at everything that is measured: short, and the last one again where there is no turn.

Kafka's ends + one turn at the warehouse ─▶ Reading ─▶ ingest/metrics/families.py
"""

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import duckdb

from ingest.core.beats import beats
from ingest.core.errors import TickhouseError
from ingest.core.settings import Settings
from ingest.metrics.latency import Histogram, Landings, Latency, read_latencies
from ingest.metrics.models import ModelProgress, measured_models, read_progress
from ingest.metrics.rejected import Rejected, read_rejected
from ingest.operations.looking import looking
from ingest.operations.status import Status, read_status
from ingest.warehouse.engine import capabilities_of

log = logging.getLogger(__name__)

WAIT_SECONDS = 3.0
"""For a turn at the file: Prometheus gives up on a scrape after ten seconds."""
TIME_LIMIT = 2.0
"""For the questions; ingestion waits meanwhile."""
FRESH_SECONDS = 2.0
"""Who asks again sooner gets the same answer, however many ask."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What was found at one moment."""

    status: Status
    rejected: Sequence[Rejected] = ()
    models: Sequence[ModelProgress] = ()
    latencies: Sequence[Latency] = ()
    landings: Mapping[str, Histogram] = field(default_factory=dict)
    cadences: Mapping[str, float] = field(default_factory=dict)
    read_at: float = field(default_factory=time.monotonic)
    """By the clock that no one sets."""
    read_timestamp: float = field(default_factory=time.time)
    took_seconds: float = 0.0

    @property
    def age_seconds(self) -> float:
        return time.monotonic() - self.read_at


class Reader:
    """Reads when it is asked, at most every `fresh_seconds`; several may ask at once."""

    def __init__(self, settings: Settings, fresh_seconds: float = FRESH_SECONDS) -> None:
        self._settings = settings
        self._fresh_seconds = fresh_seconds
        self._landings = Landings()
        self._last: Reading | None = None
        self._guard = threading.Lock()

    def read(self) -> Reading | None:
        """The newest there is; None: there has been no turn yet."""
        with self._guard:
            if self._last is None or self._last.age_seconds >= self._fresh_seconds:
                try:
                    self._last = self._look()
                except (TickhouseError, duckdb.Error) as error:
                    log.warning("The last values are shown: %s", error)
            return self._last

    def _look(self) -> Reading:
        began = time.monotonic()
        status = read_status(self._settings, WAIT_SECONDS)
        if not any(topic.landed for topic in status.topics):
            return Reading(status, took_seconds=time.monotonic() - began)
        models = measured_models()
        with looking(self._settings, WAIT_SECONDS, TIME_LIMIT) as connection:
            self._landings.read(connection)
            return Reading(
                status,
                read_rejected(connection),
                read_progress(connection, models),
                read_latencies(connection),
                dict(self._landings.histograms),
                beats(self._settings, capabilities_of(self._settings).beats).cadences,
                took_seconds=time.monotonic() - began,
            )
