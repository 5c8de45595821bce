"""What a topic lags behind: whoever asks, the log's start, another life and new partitions count the same."""

from types import SimpleNamespace
from typing import cast

import pytest

from ingest.core.topics import Topic
from ingest.core.window import Bounds
from ingest.drain.drain import Drain
from ingest.drain.lag import lag, landed_offsets
from ingest.kafka.log import KafkaLog, TopicState
from ingest.operations.landed import LandedTopic
from ingest.operations.status import of_topic
from ingest.warehouse.duckdb.capabilities import CAPABILITIES
from ingest.warehouse.protocol import TopicPositions, Warehouse
from orchestration.micro_batch.sensor import behind

TOPIC = Topic("a.b", "a_b", "A test's own.")
FIRST, SECOND = "first-id", "second-id"
CASES = {
    "nothing has landed": (TopicPositions.none("a.b"), FIRST, {0: (0, 10)}, 10),
    "all has landed": (TopicPositions("a.b", 1, FIRST, {0: 10}), FIRST, {0: (0, 10)}, 0),
    "some has landed": (TopicPositions("a.b", 1, FIRST, {0: 4, 1: 5}), FIRST, {0: (0, 10), 1: (0, 5)}, 6),
    "retention took what never landed": (TopicPositions.none("a.b"), FIRST, {0: (7, 10)}, 3),
    "retention passed the position": (TopicPositions("a.b", 1, FIRST, {0: 4}), FIRST, {0: (8, 10)}, 2),
    "a partition is new": (TopicPositions("a.b", 1, FIRST, {0: 10}), FIRST, {0: (0, 10), 1: (0, 5)}, 5),
    "a partition is empty": (TopicPositions("a.b", 1, FIRST, {}), FIRST, {0: (9, 9)}, 0),
    "created again": (TopicPositions("a.b", 1, FIRST, {0: 4}), SECOND, {0: (0, 10)}, 10),
    "created again, and shorter": (TopicPositions("a.b", 3, None, {0: 40}), None, {0: (2, 10)}, 8),
    "ids are not known": (TopicPositions("a.b", 1, FIRST, {0: 4}), None, {0: (0, 10)}, 6),
}


class Log:
    """Of one topic, as it is told."""

    def __init__(self, state: TopicState) -> None:
        self._state = state

    def states(self, _topics: object) -> dict[str, TopicState]:
        return {TOPIC.name: self._state}

    def close(self) -> None: ...


@pytest.mark.parametrize("case", CASES)
def test_everybody_reckons_alike(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    at, topic_id, partitions, expected = CASES[case]
    state = TopicState(TOPIC.name, topic_id, {n: Bounds(*bounds) for n, bounds in partitions.items()})
    assert lag(state, at) == expected

    monkeypatch.setattr("orchestration.micro_batch.sensor.open_log", lambda _: Log(state))
    assert behind({TOPIC.name: at}).get(TOPIC.name, 0) == expected

    landed = LandedTopic(at, None, 0, 0)
    assert of_topic(TOPIC, {TOPIC.name: state}, landed, is_looping=False).lag == expected

    log = cast("KafkaLog", Log(state))
    warehouse = cast(
        "Warehouse", SimpleNamespace(positions=lambda: {TOPIC.name: at}, capabilities=CAPABILITIES)
    )
    with Drain(lambda: log, warehouse, [TOPIC]) as drain:
        drain._start_reading()
        assert drain.lag() == {TOPIC.name: expected}


def test_of_a_topic_created_again_nothing_has_landed() -> None:
    state = TopicState(TOPIC.name, SECOND, {0: Bounds(0, 10)})
    assert landed_offsets(state, TopicPositions("a.b", 1, FIRST, {0: 4})) == {}
