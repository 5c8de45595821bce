"""compose.yaml offers the services that the embedded ones are."""

import json

import yaml

from ingest.core.settings import PROJECT_ROOT
from ingest.services import postgres
from ingest.services.broker_config import SERVER
from ingest.services.kafka_connect_config import CONNECTOR, NAME, WORKER, connector_config

# What a container listens on and where it keeps things is its own affair.
OF_THE_CONTAINER = {
    "CLUSTER_ID",
    "KAFKA_HEAP_OPTS",
    "KAFKA_LISTENERS",
    "KAFKA_ADVERTISED_LISTENERS",
    "KAFKA_CONTROLLER_QUORUM_VOTERS",
    "KAFKA_LOG_DIRS",
}


def test_the_container_is_told_what_the_embedded_broker_is_told():
    kafka = yaml.safe_load((PROJECT_ROOT / "compose.yaml").read_text())["services"]["kafka"]
    told = {name: str(value) for name, value in kafka["environment"].items() if name not in OF_THE_CONTAINER}

    assert told == {f"KAFKA_{name.upper().replace('.', '_')}": str(value) for name, value in SERVER.items()}


def test_the_container_listens_on_loopback_only():
    kafka = yaml.safe_load((PROJECT_ROOT / "compose.yaml").read_text())["services"]["kafka"]

    assert kafka["ports"] == ["127.0.0.1:9092:9092"]


# Debezium's image has names of its own for these, and overrules the others.
NAMED_BY_THE_IMAGE = {
    "group.id",
    "key.converter",
    "value.converter",
    "config.storage.topic",
    "offset.storage.topic",
    "status.storage.topic",
    "offset.flush.interval.ms",
}


def test_connect_in_the_container_is_told_what_the_embedded_one_is_told():
    told = yaml.safe_load((PROJECT_ROOT / "compose.yaml").read_text())["services"]["connect"]["environment"]
    for name, value in WORKER.items():
        if not name.startswith("config.providers"):
            prefix = "" if name in NAMED_BY_THE_IMAGE else "CONNECT_"
            assert str(told[f"{prefix}{name.upper().replace('.', '_')}"]) == str(value), name


def test_the_connector_is_the_embedded_one():
    compose = yaml.safe_load((PROJECT_ROOT / "compose.yaml").read_text())
    given = json.loads(compose["configs"]["connector"]["content"])
    expected = connector_config("postgresql://tickhouse:@postgres:5432/tickhouse")
    assert given == {**expected, "database.password": "$${env:POSTGRES_PASSWORD}"}
    assert given.keys() > CONNECTOR.keys()
    assert f"/connectors/{NAME}/config" in compose["services"]["connector"]["command"][-1]


def test_postgres_in_the_container_tells_its_changes_too():
    service = yaml.safe_load((PROJECT_ROOT / "compose.yaml").read_text())["services"]["postgres"]
    told = dict(option.split("=") for option in service["command"] if "=" in option)
    assert told == {name: postgres.SERVER[name] for name in ("wal_level", "max_slot_wal_keep_size")}
    assert service["ports"] == ["127.0.0.1:5432:5432"]
    assert (PROJECT_ROOT / "ingest/feeds/change_data/tables.sql").exists()
    assert service["volumes"][1].startswith("./ingest/feeds/change_data/tables.sql:")
