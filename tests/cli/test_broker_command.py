"""`tickhouse broker`."""

import pytest


def of(broker) -> dict[str, str]:
    """The environment that leads to the session's broker as an embedded one."""
    return {
        "TICKHOUSE_HOME": str(broker.settings.tickhouse_home),
        "EMBEDDED_KAFKA_PORT": str(broker.settings.embedded_kafka_port),
    }


def test_status_of_a_running_broker(tickhouse, broker):
    result = tickhouse("broker", "status", **of(broker))

    assert result.exit_code == 0
    assert f"Running at {broker.bootstrap} (pid " in result.stdout


def test_status_without_a_broker(tickhouse):
    result = tickhouse("broker", "status")

    assert result.exit_code == 3
    assert "Not running" in result.stdout


def test_start_where_it_already_runs(tickhouse, broker):
    result = tickhouse("broker", "start", **of(broker))

    assert result.exit_code == 0
    assert "Running at" in result.stdout


@pytest.mark.slow
def test_stop(tickhouse, own_broker):
    result = tickhouse("broker", "stop", **of(own_broker))

    assert result.exit_code == 0
    assert tickhouse("broker", "status", **of(own_broker)).exit_code == 3


def test_a_cluster_of_your_own_is_not_ours_to_start(tickhouse):
    result = tickhouse("broker", "start", KAFKA_BOOTSTRAP_SERVERS="kafka.example:9092")

    assert result.exit_code == 1
    assert "KAFKA_BOOTSTRAP_SERVERS is set: Tickhouse uses the cluster at kafka.example:9092" in result.stderr
