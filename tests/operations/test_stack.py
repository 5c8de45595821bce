"""A stack that cannot start stops what it has started, and nothing else."""

import pytest

from ingest.core.errors import ServiceFailed
from ingest.operations import stack
from ingest.services import broker, ports
from tests.support.broker import OwnBroker


@pytest.mark.parametrize("was_there", [True, False])
def test_a_start_that_fails_stops_the_broker_only_if_it_was_not_there_before(
    own_broker: OwnBroker, monkeypatch: pytest.MonkeyPatch, *, was_there: bool
) -> None:
    def fail(*_: object) -> None:
        raise ServiceFailed("planted")

    if not was_there:
        own_broker.stop()
    monkeypatch.setattr(stack.Stack, "_start", lambda *_, **__: None)
    monkeypatch.setattr(stack, "ensure_topics", fail)  # by then the broker runs
    with (
        pytest.raises(ServiceFailed, match="planted"),
        stack.Stack(own_broker.settings, ports.free_port()) as starting,
    ):
        starting.start(None)
    assert broker.is_running(own_broker.settings) is was_there
