"""compose.yaml offers the broker that the embedded one is."""

import yaml

from ingest.services.broker_config import SERVER
from ingest.settings import PROJECT_ROOT

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
