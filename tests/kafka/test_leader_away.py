"""A partition between two leaders is waited for: its broker is -1 for whoever asked just before."""

from contextlib import closing
from typing import Any

import pytest
from kafka.errors import UnknownBrokerIdError

from ingest.core.errors import BrokerUnavailable
from ingest.core.settings import Settings
from ingest.core.window import Bounds
from ingest.kafka import cluster
from ingest.kafka.cluster import Cluster
from tests.support.other_side import OtherSide, numbered


def test_a_new_leader_is_waited_for(
    settings: Settings, other_side: OtherSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = other_side.create_topic()
    other_side.publish(topic, numbered(3))
    away = [UnknownBrokerIdError(-1), UnknownBrokerIdError(-1)]
    answered = cluster._offsets

    def offsets(*arguments: Any) -> Any:
        if away:
            raise away.pop()
        return answered(*arguments)

    monkeypatch.setattr(cluster, "_offsets", offsets)
    with closing(Cluster(settings)) as asked:
        assert asked.states([topic])[topic].bounds == {0: Bounds(0, 3)}


def test_without_a_new_leader_no_broker_answers(
    settings: Settings, other_side: OtherSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = other_side.create_topic()

    def offsets(*_: Any) -> Any:
        raise UnknownBrokerIdError(-1)

    monkeypatch.setattr(cluster, "_offsets", offsets)
    monkeypatch.setattr(cluster, "PATIENCE_SECONDS", 0)
    with (
        closing(Cluster(settings)) as asked,
        pytest.raises(BrokerUnavailable, match="No Kafka broker answers"),
    ):
        asked.states([topic])
