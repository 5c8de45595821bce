"""The embedded Kafka Connect logs in to a cluster that wants it, by password or by certificate."""

import stat
from pathlib import Path

import psycopg
import pytest
from kafka import KafkaAdminClient
from kafka.admin import (
    ACL,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePattern,
    ResourceType,
)

from ingest.core.settings import Settings
from ingest.core.topics import TOPICS
from ingest.kafka.connect import connect
from ingest.kafka.open import open_log
from ingest.kafka.peek import newest
from ingest.kafka.topic_admin import ensure_topics
from ingest.services import change_data as capture
from ingest.services import kafka_connect
from ingest.services.postgres import postgres_url
from tests.cdc.world import awaited
from tests.support import secured_broker
from tests.support.secured_broker import KEY_PASSWORD, PASSWORD, USER, SecuredBroker

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
TOPIC = "cdc.binance.prices"
OURS = {
    ResourceType.TOPIC: ("connect.", "cdc.", "__debezium-heartbeat."),
    ResourceType.GROUP: ("tickhouse-connect",),
}


def allow_connect(secured: SecuredBroker) -> None:
    """What docs/security.md says that its user needs."""
    admin = connect(secured.own.settings, KafkaAdminClient)
    places = [
        ResourcePattern(kind, name, ACLResourcePatternType.PREFIXED)
        for kind, names in OURS.items()
        for name in names
    ]
    admin.create_acls(
        [
            ACL(f"User:{user}", "*", ACLOperation.ALL, ACLPermissionType.ALLOW, place)
            for user in (USER, f"CN={USER}")
            for place in places
        ]
    )
    admin.close()


def captured(settings: Settings, owner: Settings, symbol: str) -> None:
    """A row of ours, until it is in Kafka."""
    with psycopg.connect(postgres_url(settings)) as connection:
        connection.execute("insert into binance.prices values (%s, 1, now())", [symbol])
    log = open_log(owner)
    try:
        awaited(
            "the change",
            lambda: any(symbol.encode() in (one.value or b"") for one in newest(log, TOPIC, 5)),
        )
    finally:
        log.close()


def assert_no_secret_is_read(home: Path) -> None:
    for file in home.glob("**/*"):
        if file.is_file() and any(word in file.read_text() for word in (PASSWORD, KEY_PASSWORD)):
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
            assert file.name == "worker.properties"


def test_changes_come_by_each_way_in(
    open_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secured = secured_broker.start(tmp_path / "broker", monkeypatch)
    home = open_home / "secured"
    settings = secured.by("LOGIN", home)
    try:
        ensure_topics(secured.own.settings, [topic for topic in TOPICS if topic.name.startswith("cdc.")])
        allow_connect(secured)
        for way in ("LOGIN", "MTLS"):
            settings = secured.by(way, home)
            capture.start(settings)
            captured(settings, secured.own.settings, way)
            assert_no_secret_is_read(home / "connect")
            kafka_connect.stop(settings)
    finally:
        capture.stop(settings)
        secured.own.stop()
