"""How things stand: what each topic has, what of it has landed, and what is left of the disk.

log bounds + landed positions + newest rows ─▶ one line per topic ─▶ is anything behind?
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ingest.core.errors import BrokerUnavailable
from ingest.core.settings import Settings
from ingest.core.topics import TOPICS, Topic
from ingest.drain.lag import lag, landed_offsets
from ingest.feeds.health import FeedHealth, read_feeds
from ingest.kafka.log import TopicState
from ingest.kafka.open import open_log
from ingest.operations.landed import LandedTopic, read_landed
from ingest.operations.runs import looping_runs
from ingest.services import change_data
from ingest.services.change_data import ChangeDataStatus
from ingest.warehouse.open import open_warehouse
from ingest.warehouse.protocol import TopicPositions


@dataclass(frozen=True, slots=True)
class TopicStatus:
    """One line of `tickhouse status`. None: not to be known now."""

    topic: str
    end: int | None
    landed: int
    lag: int | None
    newest_seconds: float | None
    rejected: int
    lost: int
    state: str
    """ok | no data yet | catching up | behind | quiet | missing | broker away"""

    @property
    def has_data(self) -> bool:
        return bool(self.end or self.landed)

    @property
    def is_wrong(self) -> bool:
        return self.state in ("behind", "missing", "broker away")


@dataclass(frozen=True, slots=True)
class Status:
    """Everything at one moment."""

    topics: list[TopicStatus]
    looping_runs: list[str]
    warehouse: str
    """Its name, as its makers write it."""
    warehouse_bytes: int | None
    """None: it takes nothing of this disk."""
    free_bytes: int
    change_data: ChangeDataStatus | None = None
    """Of change data capture, where it runs or should."""
    feeds: list[FeedHealth] = field(default_factory=list)
    """Live ones: those that run, and those that did not end well."""

    @property
    def is_wrong(self) -> bool:
        is_change_data_wrong = self.change_data is not None and self.change_data.is_wrong
        are_feeds_wrong = any(feed.problem for feed in self.feeds)
        return are_feeds_wrong or is_change_data_wrong or any(topic.is_wrong for topic in self.topics)


def read_status(settings: Settings, wait_seconds: float) -> Status:
    with open_warehouse(settings, wait_seconds=wait_seconds) as warehouse:
        landed = read_landed(warehouse)
        title, size = warehouse.capabilities.title, warehouse.size_bytes()
    states = _states(settings)
    looping = looping_runs(settings)
    return Status(
        [of_topic(topic, states, landed.get(topic.name), is_looping=bool(looping)) for topic in TOPICS],
        looping,
        title,
        size,
        shutil.disk_usage(settings.tickhouse_home).free,
        change_data.status(settings),
        read_feeds(settings),
    )


def of_topic(
    topic: Topic,
    states: Mapping[str, TopicState] | None,
    landed: LandedTopic | None,
    *,
    is_looping: bool,
) -> TopicStatus:
    """`states`: the topics as Kafka has them; None: it does not answer."""
    known = landed or LandedTopic(TopicPositions.none(topic.name), None, 0, 0)
    newest = (
        None if known.newest_at is None else round((datetime.now(UTC) - known.newest_at).total_seconds(), 1)
    )
    state = states.get(topic.name) if states is not None else None
    if state is None:
        word = "broker away" if states is None else "missing"
        at = sum(known.positions.next_offsets.values())
        return TopicStatus(topic.name, None, at, None, newest, known.rejected, known.lost, word)
    at = sum(landed_offsets(state, known.positions).values())
    end = sum(bounds.end for bounds in state.bounds.values())
    behind = lag(state, known.positions)
    word = "ok" if end else "no data yet"
    if behind:
        word = "catching up" if is_looping else "behind"
    elif newest is not None and newest > topic.fresh_within.total_seconds():
        word = "quiet"
    return TopicStatus(topic.name, end, at, behind, newest, known.rejected, known.lost, word)


def _states(settings: Settings) -> Mapping[str, TopicState] | None:
    try:
        log = open_log(settings)
    except BrokerUnavailable:
        return None
    try:
        return log.states(topic.name for topic in TOPICS)
    except BrokerUnavailable:
        return None
    finally:
        log.close()
