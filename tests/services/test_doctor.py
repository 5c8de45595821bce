"""The doctor: each fault is found, and what to do is said."""

import socket
from pathlib import Path

import pytest

from ingest.core.settings import Settings
from ingest.services import ports
from ingest.services.doctor import examine, folders, machine, network


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return Settings(tickhouse_home=tmp_path)


def test_this_machine_is_fit(home):
    assert [finding for finding in examine(home) if finding.level == "fail"] == []


def test_a_python_of_another_age(home, monkeypatch):
    monkeypatch.setattr("sys.version_info", (3, 14, 1))

    assert machine.python(home).level == "fail"


def test_a_missing_tool_is_named(home, monkeypatch, tmp_path):
    (tmp_path / "make").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    finding = machine.tools(home)

    assert (finding.level, finding.seen) == ("warn", "missing: git")


def test_a_home_that_cannot_be_written(tmp_path):
    (tmp_path / "file").touch()

    assert folders.file_system(Settings(tickhouse_home=tmp_path / "file")).level == "fail"


def test_a_network_file_system(home, monkeypatch):
    monkeypatch.setattr(folders, "NETWORK_FILE_SYSTEMS", {folders.file_system(home).seen.split(",")[0]})

    assert folders.file_system(home).level == "warn"


@pytest.mark.parametrize(
    ("name", "level"), [("with space, é and 'quote'", "ok"), ("a#b", "fail"), ("a?", "fail")]
)
def test_path_names(tmp_path, name, level):
    assert folders.path_names(Settings(tickhouse_home=tmp_path / name)).level == level


@pytest.mark.parametrize(
    ("line", "level"),
    [("", "warn"), ("DAGSTER_HOME=/where/it/was", "warn"), ("DAGSTER_HOME={home}/dagster", "ok")],
)
def test_dagster_home_in_the_env_file(home, tmp_path, monkeypatch, line, level):
    env_file = tmp_path / ".env"
    env_file.write_text(line.format(home=home.tickhouse_home))
    monkeypatch.setattr(folders, "ENV_FILE", env_file)

    assert folders.dagster_home(home).level == level


def test_a_taken_port_matters_only_if_it_was_asked_for(tmp_path):
    with socket.create_server((ports.LOOPBACK, 0)) as stranger:
        port = stranger.getsockname()[1]

        class WithThatDefault(Settings):
            embedded_kafka_port: int = port

        by_default = network.kafka(WithThatDefault(tickhouse_home=tmp_path))
        asked_for = network.kafka(Settings(tickhouse_home=tmp_path, embedded_kafka_port=port))

    assert by_default.level == "ok"
    assert asked_for.level == "fail"
    assert "EMBEDDED_KAFKA_PORT" in asked_for.advice


def test_a_running_broker_is_seen(broker):
    assert f"runs at {broker.bootstrap}" in network.kafka(broker.settings).seen


def test_a_cluster_that_does_not_answer(tmp_path):
    nobody = f"{ports.LOOPBACK}:{ports.free_port()}"

    assert network.kafka(Settings(tickhouse_home=tmp_path, kafka_bootstrap_servers=nobody)).level == "fail"
