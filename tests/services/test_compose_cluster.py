"""The profile `cluster` of compose.yaml: three brokers, and Dagster with a container for each run."""

import re
import shutil
import subprocess
from typing import Any

import click
import pytest
import yaml
from dagster._cli import create_dagster_cli
from dagster._daemon.cli import create_dagster_daemon_cli
from dagster_webserver.cli import dagster_webserver

from ingest.core.settings import PROJECT_ROOT
from tests.services.test_compose import OF_THE_CONTAINER
from tests.support.brokers import NAMES

COMPOSE = yaml.safe_load((PROJECT_ROOT / "compose.yaml").read_text())
CLUSTER = {name: told for name, told in COMPOSE["services"].items() if told.get("profiles") == ["cluster"]}
COPIES = {
    "KAFKA_DEFAULT_REPLICATION_FACTOR": 3,
    "KAFKA_MIN_INSYNC_REPLICAS": 2,
    "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": 3,
    "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": 3,
    "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": 2,
    "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR": 3,
    "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR": 2,
    "KAFKA_LOG_RETENTION_BYTES": -1,
}
PROGRAMS = {
    "dagster": create_dagster_cli(),
    "tickhouse-webserver": dagster_webserver,  # takes the same options
    "dagster-daemon": create_dagster_daemon_cli(),
}


@pytest.mark.parametrize("name", NAMES)
def test_a_broker_of_the_cluster_is_the_single_one_with_copies(name: str) -> None:
    told = CLUSTER[name]["environment"]
    single = COMPOSE["services"]["kafka"]["environment"]
    of_its_own = {*OF_THE_CONTAINER, "KAFKA_NODE_ID", "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"}
    assert {key for key, value in told.items() if single.get(key) != value} <= COPIES.keys() | of_its_own
    assert {key: told[key] for key in COPIES} == COPIES
    assert f"{told['KAFKA_NODE_ID']}@{name}:9093" in told["KAFKA_CONTROLLER_QUORUM_VOTERS"]
    assert f"PLAINTEXT://{name}:9092" in told["KAFKA_ADVERTISED_LISTENERS"]
    assert f"{name}:9092" in CLUSTER["dagster-code"]["environment"]["KAFKA_BOOTSTRAP_SERVERS"]


def test_without_a_profile_there_is_one_broker_as_ever() -> None:
    assert [name for name, told in COMPOSE["services"].items() if "profiles" not in told] == ["kafka"]


def test_nothing_listens_beyond_this_machine() -> None:
    ports = [port for told in COMPOSE["services"].values() for port in told.get("ports", [])]
    assert len(ports) == len(set(ports))
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_every_container_is_closed(name: str) -> None:
    told = COMPOSE["services"][name]
    assert told["cap_drop"] == ["ALL"]
    assert told["security_opt"] == ["no-new-privileges:true"]
    assert told["read_only"] is True
    assert not told.keys() & {"privileged", "cap_add", "pid", "ipc"}


def test_there_is_no_default_password() -> None:
    text = (PROJECT_ROOT / "compose.yaml").read_text()
    asked = re.findall(r"\$\{(\w*PASSWORD):-([^}]*)\}", text)
    assert {name for name, _ in asked} == {"POSTGRES_PASSWORD", "DAGSTER_POSTGRES_PASSWORD", "UI_PASSWORD"}
    assert [default for _, default in asked if default] == []
    assert not re.search(r"://\w+:\w+@", text)


def test_docker_s_socket_is_behind_its_proxy() -> None:
    services = COMPOSE["services"]
    with_socket = [name for name, told in services.items() if "docker.sock" in str(told.get("volumes"))]
    assert with_socket == ["docker-proxy"]
    proxy = services["docker-proxy"]
    assert {name for name, value in proxy["environment"].items() if value} == {"CONTAINERS", "POST"}
    assert proxy["networks"] == ["docker"]
    assert COMPOSE["networks"]["docker"] == {"internal": True}
    assert "ports" not in proxy
    neighbours = {name for name, told in services.items() if "docker" in told.get("networks", [])}
    assert neighbours == {"docker-proxy", "dagster-webserver", "dagster-daemon"}
    for name in neighbours - {"docker-proxy"}:
        assert services[name]["environment"]["DOCKER_HOST"] == "tcp://docker-proxy:2375"


def test_brokers_share_no_volume() -> None:
    volumes = [volume for name in NAMES for volume in CLUSTER[name]["volumes"]]
    assert len(set(volumes)) == len(NAMES)


@pytest.mark.parametrize("name", ["dagster-code", "dagster-webserver", "dagster-daemon"])
@pytest.mark.parametrize("part", ["command", "healthcheck"])
def test_dagster_knows_its_commands(name: str, part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT_ROOT)
    told = CLUSTER[name]
    mounted = dict(volume.split(":")[1::-1] for volume in told["volumes"] if volume.startswith("./"))
    words = told["command"] if part == "command" else told["healthcheck"]["test"][1:]
    if words[0] != "python":
        understand(PROGRAMS[words[0]], [mounted.get(word, word) for word in words[1:]])


def understand(command: Any, words: list[str]) -> None:
    """As click reads them, without doing anything; files that they name must exist."""
    context = command.make_context(command.name, list(words))
    if isinstance(command, click.Group):
        _, inner, rest = command.resolve_command(context, words)
        assert inner is not None
        understand(inner, rest)


def test_the_ui_is_behind_the_guard() -> None:
    webservers = [name for name, told in CLUSTER.items() if "webserver" in " ".join(told.get("command", []))]
    assert webservers == ["dagster-webserver"]
    assert CLUSTER["dagster-webserver"]["command"][0] == "tickhouse-webserver"


def has_compose() -> bool:
    if shutil.which("docker") is None:
        return False
    return subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not has_compose(), reason="wants docker with its plugin compose; no engine")
@pytest.mark.parametrize("profile", ["", "cdc", "cluster"])
def test_compose_takes_the_file(profile: str) -> None:
    chosen = ["--profile", profile] if profile else []
    command = ["docker", "compose", *chosen, "config", "--quiet"]
    done = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
