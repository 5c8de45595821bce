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
from ingest.feeds.health import FeedHealth, read_feeds
from ingest.kafka.log import TopicState
from ingest.kafka.open import open_log
from ingest.operations.landed import LandedTopic, read_landed
from ingest.operations.runs import looping_runs
from ingest.services import change_data
from ingest.services.change_data import ChangeDataStatus


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
    warehouse_bytes: int | None
    """Of the DuckDB file; Snowflake counts its own."""
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
    landed = read_landed(settings, wait_seconds)
    states = _states(settings)
    return Status(
        [_of_topic(topic, states, landed.get(topic.name), bool(looping_runs(settings))) for topic in TOPICS],
        looping_runs(settings),
        _warehouse_bytes(settings),
        shutil.disk_usage(settings.tickhouse_home).free,
        change_data.status(settings),
        read_feeds(settings),
    )


def _of_topic(
    topic: Topic,
    states: Mapping[str, TopicState] | None,
    landed: LandedTopic | None,
    is_looping: bool,  # noqa: FBT001
) -> TopicStatus:
    known = landed or LandedTopic({}, None, None, 0, 0)
    newest = (
        None if known.newest_at is None else round((datetime.now(UTC) - known.newest_at).total_seconds(), 1)
    )
    state = states.get(topic.name) if states is not None else None
    if state is None:
        word = "broker away" if states is None else "missing"
        return TopicStatus(topic.name, None, sum(known.next_offsets.values()), None, newest, known.rejected,
                           known.lost, word)  # fmt: skip
    is_same_life = known.topic_id == state.topic_id
    offsets = known.next_offsets if is_same_life else {}
    end = sum(bounds.end for bounds in state.bounds.values())
    lag = sum(max(0, b.end - max(b.start, offsets.get(n, 0))) for n, b in state.bounds.items())
    word = "ok" if end else "no data yet"
    if lag:
        word = "catching up" if is_looping else "behind"
    elif newest is not None and newest > topic.fresh_within.total_seconds():
        word = "quiet"
    return TopicStatus(topic.name, end, sum(offsets.values()), lag, newest, known.rejected, known.lost, word)


def _warehouse_bytes(settings: Settings) -> int | None:
    if settings.warehouse != "duckdb":
        return None
    path = settings.warehouse_path
    return path.stat().st_size if path.exists() else 0


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
