"""Kafka ─▶ raw tables, exactly once, in batches of bounded size.

    positions (warehouse) + bounds (log) ─▶ windows ─▶ records ─▶ batch ─▶ land: rows and position together

The start is always the landed position. `fetch` reads without the warehouse; `land` holds it only to
write. A topic is read by one generator at a time, so that a long backlog streams; whenever the ground
moves under it (another writer, a re-created topic, retention) the batch is dropped and read again.
One topic's trouble is that topic's, and one partition's that partition's (`troubles`): the others go on.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import count

from ingest.core.errors import NeedsAttention, StaleLanding
from ingest.core.topics import TOPICS, Topic
from ingest.core.visible import visible
from ingest.drain.gathering import Gathering
from ingest.drain.lag import lag
from ingest.drain.plan import Plan, plan
from ingest.drain.troubles import Troubles
from ingest.kafka.log import KafkaLog, TopicState
from ingest.warehouse.capabilities import Limits
from ingest.warehouse.protocol import Batch, Landed, TopicPositions, Warehouse

log = logging.getLogger(__name__)


class Drain:
    """Drains a set of topics into one warehouse."""

    def __init__(
        self,
        open_log: Callable[[], KafkaLog],
        warehouse: Warehouse,
        topics: Sequence[Topic] = TOPICS,
        *,
        limits: Limits | None = None,
        run_id: str | None = None,
    ) -> None:
        self._logs = {topic.name: open_log() for topic in topics}
        self._control = open_log()
        self._warehouse = warehouse
        self._topics = {topic.name: topic for topic in topics}
        self._limits = limits or warehouse.capabilities.limits
        self._run_id = run_id
        self._positions: dict[str, TopicPositions] = {}
        self._reading: dict[str, Iterator[Batch]] = {}
        self._states: dict[str, TopicState] = {}
        self._turns = count(1)
        self._troubles = Troubles(warehouse.capabilities.retry_seconds)
        self._served: dict[str, int] = {}
        """When each topic last had its turn."""

    def close(self) -> None:
        for kafka_log in (self._control, *self._logs.values()):
            kafka_log.close()

    def __enter__(self) -> "Drain":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def fetch(self) -> list[Batch]:
        """The next batch of every topic that has one. Touches the warehouse only to learn positions."""
        batches = self._next_batches(self._reading)
        return batches + self._next_batches(self._start_reading(), beside=batches)

    def _next_batches(
        self, readings: Mapping[str, Iterator[Batch]], beside: Sequence[Batch] = ()
    ) -> list[Batch]:
        """As many as there is room for; who waited longest comes first."""
        batches: list[Batch] = []
        room = self._limits.max_bytes_at_once - sum(batch.byte_count for batch in beside)
        for topic, reading in sorted(readings.items(), key=lambda item: self._served.get(item[0], 0)):
            if room <= 0:
                break
            try:
                batches.append(next(reading))
                room -= batches[-1].byte_count
                self._troubles.came(topic)
                self._served[topic] = next(self._turns)
            except StopIteration:
                self._reading.pop(topic, None)  # a landing that was stale may have been quicker
            except StaleLanding as error:
                self._look_again(topic, error)
            except NeedsAttention as error:
                self._troubles.begin(topic, error)
                self._forget(topic)
        return batches

    def prepare(self, batches: Sequence[Batch]) -> Sequence[Batch]:
        """Before `land`: uploads, where the warehouse wants them, of several topics at once."""
        return self._warehouse.prepare(batches)

    def land(self, batch: Batch) -> Landed | None:
        """Commit a batch. None: it was stale, nothing was written, the next fetch looks again."""
        try:
            landed = self._warehouse.land(batch, self._run_id)
        except StaleLanding as error:
            self._look_again(batch.topic, error)
            return None
        if known := self._positions.get(batch.topic):
            ends = {window.partition.number: window.end for window in landed.windows}
            before = known.next_offsets if known.life == batch.life else {}
            self._positions[batch.topic] = TopicPositions(
                batch.topic, batch.life, batch.topic_id, {**before, **ends}
            )
        return landed

    def run_once(self) -> Iterator[Landed]:
        """Drain until nothing more is found. Reads on while the warehouse writes: two cores, two jobs."""
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="landing") as writer:
            batches = self.fetch()
            while batches:
                prepared = writer.submit(self.prepare, batches)
                landing = [writer.submit(self._land_nth, prepared, n) for n in range(len(batches))]
                batches = self._next_batches(self._reading)
                for done in landing:
                    if landed := done.result():
                        yield landed
                batches = batches or self.fetch()

    def positions(self) -> dict[str, TopicPositions]:
        """How far each topic has landed, as far as this drain knows."""
        return dict(self._positions)

    def readable_positions(self) -> dict[str, Mapping[int, int]]:
        """From where on something new may come, by topic and partition; not of topics that do not go on."""
        return {
            topic: at.next_offsets
            for topic, at in self._positions.items()
            if topic not in self._troubles.by_topic
        }

    @property
    def troubles(self) -> Mapping[str, NeedsAttention]:
        """Why a topic, or a partition of it, does not go on, by topic."""
        return self._troubles.by_topic

    @property
    def is_caught_up(self) -> bool:
        """Nothing is left to land, but what cannot be read."""
        return not any(behind for topic, behind in self.lag().items() if topic not in self._troubles.by_topic)

    def lag(self) -> dict[str, int]:
        """Messages that each topic had, when last looked at, and that have not landed."""
        return {
            topic: lag(state, self._positions.get(topic, TopicPositions.none(topic)))
            for topic, state in self._states.items()
        }

    def _land_nth(self, prepared: Future[Sequence[Batch]], number: int) -> Landed | None:
        return self.land(prepared.result()[number])

    def _start_reading(self) -> dict[str, Iterator[Batch]]:
        """Plan the topics that are not being read, and begin with those that have something to read."""
        idle = [name for name in self._topics if name not in self._reading]
        if not idle:
            return {}
        if any(name not in self._positions for name in idle):
            known = self._warehouse.positions()
            for name in idle:
                self._positions.setdefault(name, known.get(name, TopicPositions.none(name)))
        states = self._control.states(idle)
        self._states = {name: state for name, state in self._states.items() if name not in idle} | states
        started: dict[str, Iterator[Batch]] = {}
        for name, state in states.items():
            next_plan = plan(self._topics[name], state, self._positions[name], self._control)
            next_plan = self._troubles.around(next_plan)
            if next_plan.has_work:
                started[name] = self._batches(next_plan)
        self._reading |= started
        return started

    def _batches(self, next_plan: Plan) -> Iterator[Batch]:
        """The plan's windows, a batch at a time; then why they do not go on, if they do not."""
        gathering = Gathering(next_plan, self._limits)
        gathering.add(next_plan.skipped)
        name, limits = next_plan.topic.name, self._limits
        trouble: NeedsAttention | None = None
        try:
            for chunk in self._logs[name].read(
                name, next_plan.windows, limits.chunk_messages, limits.chunk_bytes
            ):
                gathering.add(chunk)
                if gathering.is_full:
                    self._check_life(next_plan)
                    yield gathering.take()
        except NeedsAttention as error:
            trouble = error
        if not gathering.is_empty:
            self._check_life(next_plan)
            yield gathering.take()
        if trouble is not None:
            raise trouble

    def _check_life(self, read: Plan) -> None:
        """A consumer reads on into a re-created topic from the old offset without a word."""
        name = read.topic.name
        if self._control.topic_ids([name]).get(name) != read.topic_id:
            raise StaleLanding(
                f"{name} was deleted or created again while it was read; the batch is dropped."
            )

    def _look_again(self, topic: str, error: StaleLanding) -> None:
        log.warning("%s The next turn reads again from the landed position.", visible(str(error)))
        self._forget(topic)

    def _forget(self, topic: str) -> None:
        self._reading.pop(topic, None)
        self._positions.pop(topic, None)
