"""A cluster that wants TLS, a login and rights: each way in works, each refusal says what is wrong."""

import gc
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ACL, ACLOperation, ACLPermissionType, ResourcePattern, ResourceType
from pydantic import SecretStr

from ingest.core.errors import DeliveryFailed, SettingsInvalid, TickhouseError
from ingest.core.message import Message
from ingest.core.settings import Settings
from ingest.core.topics import TOPICS, Topic
from ingest.drain.drain import Drain
from ingest.kafka import connect as connecting
from ingest.kafka.cluster import Cluster
from ingest.kafka.connect import connect
from ingest.kafka.open import open_log, open_publisher
from ingest.kafka.topic_admin import describe_topics, ensure_topics
from ingest.warehouse.duckdb.warehouse import DuckDbWarehouse
from tests.support import secured_broker
from tests.support.secured_broker import USER, Authority, SecuredBroker, unsigned_token

READ_ONLY, OWNED = TOPICS[0], TOPICS[1]


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredBroker]:
    """Of one topic, its user may Read and Describe; of another all; of the rest nothing."""
    with pytest.MonkeyPatch.context() as patch:
        found = secured_broker.start(tmp_path_factory.mktemp("secured"), patch)
        ensure_topics(found.own.settings, [READ_ONLY, OWNED, TOPICS[2]])
        admin = connect(found.own.settings, KafkaAdminClient)
        rights = [
            (READ_ONLY, ACLOperation.READ),
            (READ_ONLY, ACLOperation.DESCRIBE),
            (OWNED, ACLOperation.ALL),
        ]
        admin.create_acls([_allowed(name, *right) for name in (USER, f"CN={USER}") for right in rights])
        admin.close()
        yield found
        found.own.stop()


def _allowed(principal: str, topic: Topic, operation: ACLOperation) -> ACL:
    place = ResourcePattern(ResourceType.TOPIC, topic.name)
    return ACL(f"User:{principal}", "*", operation, ACLPermissionType.ALLOW, place)


@pytest.fixture(autouse=True)
def _in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "CONNECT_SECONDS", 1.5)


def published(settings: Settings, topic: Topic) -> None:
    with open_publisher(settings, 10) as publisher:
        publisher.publish(Message(topic.name, b"k", b"{}", ()))


def drained(settings: Settings, topic: Topic) -> int:
    warehouse = DuckDbWarehouse(settings.warehouse_path)
    warehouse.migrate()
    with Drain(lambda: open_log(settings), warehouse, [topic]) as drain:
        list(drain.run_once())
        assert drain.troubles == {}
    with warehouse.reading() as connection:
        return connection.execute(f"select count(*) from raw.{topic.raw_table}").fetchall()[0][0]


def end_of(settings: Settings, topic: Topic) -> int:
    cluster = Cluster(settings)
    state = cluster.states([topic.name])[topic.name]
    cluster.close()
    return sum(bounds.end for bounds in state.bounds.values())


@pytest.mark.parametrize("client", ["kafka-python", "confluent"])
@pytest.mark.parametrize("way", ["MTLS", "LOGIN", "TOKEN", "OPEN"])
def test_each_way_in(secured: SecuredBroker, tmp_path: Path, client: Any, way: str) -> None:
    settings = secured.by(way, tmp_path, kafka_client=client)
    before = end_of(settings, OWNED)
    published(settings, OWNED)
    assert describe_topics(settings, [OWNED]).keys() == {OWNED.name}
    assert drained(settings, OWNED) == before + 1


@pytest.mark.parametrize("client", ["kafka-python", "confluent"])
def test_a_drain_needs_read_and_describe_and_nothing_else(
    secured: SecuredBroker, tmp_path: Path, client: Any
) -> None:
    settings = secured.by("LOGIN", tmp_path, kafka_client=client)
    published(secured.own.settings, READ_ONLY)
    assert drained(settings, READ_ONLY) == end_of(secured.own.settings, READ_ONLY)
    with pytest.raises(DeliveryFailed, match=f"{READ_ONLY.name}: 1 .*(?i:authorization)"):
        published(settings, READ_ONLY)
    with pytest.raises(SettingsInvalid, match=f"{TOPICS[2].name}.*what that user may read"):
        drained(settings, TOPICS[2])


FILES = ("kafka_ssl_cafile", "kafka_ssl_certfile", "kafka_sasl_token_path")
REFUSALS: dict[str, tuple[str, dict[str, Any], str]] = {
    "expired": ("EXPIRED", {}, "its certificate has expired"),
    "another host": ("ELSEWHERE", {}, r"not that of 127.0.0.1. KAFKA_BOOTSTRAP_SERVERS has to name it"),
    "a wrong CA": ("MTLS", {"kafka_ssl_cafile": "other.pem"}, "nobody whom KAFKA_SSL_CAFILE trusts"),
    "no certificate": (
        "MTLS",
        {"kafka_ssl_certfile": None, "kafka_ssl_keyfile": None},
        "wants a certificate of ours: KAFKA_SSL_CERTFILE",
    ),
    "a stranger's certificate": (
        "MTLS",
        {"kafka_ssl_certfile": "stranger.pem", "kafka_ssl_keyfile": None},
        "does not take the certificate of KAFKA_SSL_CERTFILE",
    ),
    "a wrong password": (
        "LOGIN",
        {"kafka_sasl_password": SecretStr("guess")},
        "most likely the user or password is wrong",
    ),
    "a worthless token": (
        "TOKEN",
        {"kafka_sasl_token_path": "worthless"},
        "most likely the token is wrong",
    ),
    "plain words to TLS": ("LOGIN", {"kafka_security_protocol": "PLAINTEXT"}, "that port speaks TLS"),
    "TLS to plain words": ("OPEN", {"kafka_security_protocol": "SASL_SSL"}, "does not speak TLS"),
}


# kafka-python leaves the sockets of failed connections to the garbage collector.
@pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning")
@pytest.mark.parametrize("case", REFUSALS)
def test_each_refusal_says_why_and_by_whom(secured: SecuredBroker, tmp_path: Path, case: str) -> None:
    listener, fields, words = REFUSALS[case]
    other = Authority(tmp_path / "other", "other")
    other.sign("stranger")
    (tmp_path / "other" / "worthless").write_text(unsigned_token(seconds=-60))
    files = {name: tmp_path / "other" / value for name, value in fields.items() if name in FILES and value}
    settings = secured.by(listener, tmp_path, **{**fields, **files})
    with pytest.raises(TickhouseError, match=words) as raised:
        end_of(settings, OWNED)
    assert settings.bootstrap_servers in str(raised.value)
    assert "guess" not in str(raised.value)
    raised.value.__traceback__ = None
    gc.collect()


@pytest.mark.parametrize(
    ("listener", "fields", "words"),
    [
        (
            "LOGIN",
            {"kafka_ssl_cafile": Path("/absent.pem")},
            "KAFKA_SSL_CAFILE: cannot use /absent.pem",
        ),
        ("MTLS", {"kafka_ssl_key_password": SecretStr("guess")}, "KAFKA_SSL_KEY_PASSWORD has to open it"),
        ("MTLS", {"kafka_ssl_key_password": None}, "KAFKA_SSL_KEY_PASSWORD has to open it"),
        ("LOGIN", {"kafka_sasl_password": None}, "wants KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD"),
        (
            "LOGIN",
            {"kafka_sasl_mechanism": "OAUTHBEARER"},
            "wants KAFKA_SASL_TOKEN_PATH or",
        ),
        ("TOKEN", {"kafka_sasl_token_path": Path("/absent")}, "KAFKA_SASL_TOKEN_PATH: cannot read /absent"),
        (
            "TOKEN",
            {"kafka_sasl_token_path": None, "kafka_sasl_token_from": "no.such:one"},
            "module:function",
        ),
    ],
)
@pytest.mark.parametrize("client", ["kafka-python", "confluent"])
def test_what_cannot_work_is_said_by_its_setting(
    secured: SecuredBroker, tmp_path: Path, listener: str, fields: dict[str, Any], words: str, client: Any
) -> None:
    with pytest.raises(SettingsInvalid, match=words):
        published(secured.by(listener, tmp_path, kafka_client=client, **fields), OWNED)


# Of the broker's two listeners with a login the second knows one mechanism, and no TLS.
@pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning")
@pytest.mark.parametrize("client", ["kafka-python", "confluent"])
@pytest.mark.parametrize(
    ("listener", "mechanism", "known", "attempt"),
    [
        ("LOGIN", "PLAIN", "SCRAM-SHA-512 and OAUTHBEARER", published),
        ("OPEN", "SCRAM-SHA-256", "SCRAM-SHA-512", drained),
    ],
)
def test_a_mechanism_that_the_broker_does_not_know_is_said(
    secured: SecuredBroker,
    tmp_path: Path,
    client: Any,
    listener: str,
    mechanism: str,
    known: str,
    attempt: Callable[[Settings, Topic], object],
) -> None:
    settings = secured.by(listener, tmp_path, kafka_client=client, kafka_sasl_mechanism=mechanism)
    said = f"does not know KAFKA_SASL_MECHANISM={mechanism}, but {known}\\)"
    with pytest.raises(SettingsInvalid, match=said) as raised:
        attempt(settings, OWNED)
    raised.value.__traceback__ = None
    gc.collect()


def test_a_login_that_others_can_read_is_warned_of(
    secured: SecuredBroker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    connecting._warn_of_open_login.cache_clear()
    with caplog.at_level(logging.WARNING):
        for listener in ("OPEN", "OPEN", "LOGIN"):
            end_of(secured.by(listener, tmp_path), OWNED)
    (said,) = [record.getMessage() for record in caplog.records if "SASL_PLAINTEXT" in record.getMessage()]
    assert "SASL_SSL is its encrypted form" in said


def token_for_tests() -> tuple[str, int]:
    """As a cloud's signer hands it out."""
    token = unsigned_token()
    return token, 2**41


def test_a_token_comes_from_a_function_as_clouds_have_it(secured: SecuredBroker, tmp_path: Path) -> None:
    fields = {"kafka_sasl_token_path": None, "kafka_sasl_token_from": f"{__name__}:token_for_tests"}
    assert end_of(secured.by("TOKEN", tmp_path, **fields), OWNED) >= 0
