"""What Kafka Connect is told and what it says; the password stays out of what it stores."""

import json
from collections.abc import Iterator

import pytest

from ingest.core.errors import SettingsInvalid
from ingest.core.settings import Settings
from ingest.services import debezium, ports
from ingest.services.kafka_connect_config import connector_config, secrets_file, worker_properties
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


def test_a_cluster_with_a_password_is_refused() -> None:
    settings = Settings(kafka_bootstrap_servers="somewhere:9092", kafka_security_protocol="SASL_SSL")
    with pytest.raises(SettingsInvalid, match="beside your cluster"):
        worker_properties(settings, 8083)
