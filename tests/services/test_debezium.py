"""What Kafka Connect is told and what it says; the password stays out of what it stores."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from ingest.core.errors import SettingsInvalid
from ingest.core.settings import Settings
from ingest.services import debezium, ports
from ingest.services.kafka_connect_config import (
    connector_config,
    secrets_file,
    worker_properties,
)
from tests.support.stand_in import Answer, StandIn

URL = "postgresql://user%40place:tops3cret%5C%2F@db.example:6432/market"
TRACE = (
    "org.apache.kafka.connect.errors.ConnectException: An exception occurred\n\tat a.b.C(D.java:1)\n"
    'Caused by: org.postgresql.util.PSQLException: FATAL: role "nobody" does not exist\n'
    "\tat e.f.G(H.java:2)\n\t... 5 more\n"
)


@pytest.fixture
def connect() -> Iterator[StandIn]:
    with StandIn() as connect:
        yield connect


def told(connector_state: str, *tasks: dict[str, str]) -> Answer:
    body = {"name": "tickhouse", "connector": {"state": connector_state}, "tasks": list(tasks)}
    return Answer(json.dumps(body).encode())


@pytest.mark.parametrize(
    ("answer", "state", "reason"),
    [
        (told("RUNNING", {"state": "RUNNING"}), "RUNNING", ""),
        (told("RUNNING"), "UNASSIGNED", ""),
        (told("FAILED", {"state": "RUNNING"}), "FAILED", ""),
        (told("RUNNING", {"state": "RESTARTING"}), "RESTARTING", ""),
        (Answer(b"{}", 404), "MISSING", ""),
        (
            told("RUNNING", {"state": "FAILED", "trace": TRACE}),
            "FAILED",
            'org.postgresql.util.PSQLException: FATAL: role "nobody" does not exist',
        ),
    ],
)
def test_the_state_is_that_of_what_is_worst(
    connect: StandIn, answer: Answer, state: str, reason: str
) -> None:
    connect.answers = [answer]
    assert debezium.state(connect.rest_url) == debezium.TaskState(state, reason)


def test_no_connect_is_a_state_too() -> None:
    found = debezium.state(f"http://127.0.0.1:{ports.free_port()}")
    assert found.state == "AWAY"
    assert "refused" in found.reason


def test_the_password_is_in_a_file_of_its_own() -> None:
    config = connector_config(URL)
    assert "tops3cret" not in json.dumps(config)
    assert config["database.password"] == "${file:secrets.properties:password}"
    assert secrets_file(URL) == "password=tops3cret\\\\/\n"
    where = {name.removeprefix("database."): value for name, value in config.items() if "database." in name}
    assert where == {
        "hostname": "db.example",
        "port": "6432",
        "user": "user@place",
        "password": config["database.password"],
        "dbname": "market",
    }


def test_another_venue_is_in_each_message() -> None:
    config = connector_config(URL, venue="simulated")
    assert config["transforms.venue.value.literal"] == "simulated"
    assert "transforms" not in connector_config(URL)


def test_the_worker_and_its_connector_log_in_whatever_is_in_the_password(tmp_path: Path) -> None:
    settings = Settings(
        tickhouse_home=tmp_path,
        kafka_bootstrap_servers="somewhere:9092",
        kafka_security_protocol="SASL_SSL",
        kafka_sasl_mechanism="SCRAM-SHA-256",
        kafka_sasl_username="tick",
        kafka_sasl_password=SecretStr('a"b\\c'),
    )
    told = worker_properties(settings, 8083)
    module = "org.apache.kafka.common.security.scram.ScramLoginModule"
    # Twice: within the quotes of the login, and for the file of properties.
    login = f'{module} required username="tick" password="a\\\\"b\\\\\\\\c";'
    for kind in ("", "producer.", "consumer.", "admin."):
        assert f"{kind}sasl.jaas.config={login}\n" in told
        assert f"{kind}security.protocol=SASL_SSL\n" in told
    assert secrets_file(URL).count("\n") == 1


def test_a_cluster_that_takes_whoever_comes_is_told_nothing(tmp_path: Path) -> None:
    assert "security.protocol" not in worker_properties(Settings(tickhouse_home=tmp_path), 8083)


def test_tokens_are_refused(tmp_path: Path) -> None:
    settings = Settings(
        tickhouse_home=tmp_path,
        kafka_bootstrap_servers="somewhere:9092",
        kafka_security_protocol="SASL_SSL",
        kafka_sasl_mechanism="OAUTHBEARER",
        kafka_sasl_token_path=tmp_path / "token",
    )
    with pytest.raises(SettingsInvalid, match="beside your cluster"):
        worker_properties(settings, 8083)
