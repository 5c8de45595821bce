"""Settings reach both clients under the names that each knows, and secrets only there."""

from pathlib import Path

import pytest
from confluent_kafka import Producer
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from pydantic import SecretStr

from ingest.core.settings import Settings
from ingest.kafka.connection import client_options, confluent_options

SECURED = Settings(
    kafka_bootstrap_servers="one:9092,two:9092",
    kafka_security_protocol="SASL_SSL",
    kafka_sasl_mechanism="SCRAM-SHA-512",
    kafka_sasl_username="tick",
    kafka_sasl_password=SecretStr("house"),
    kafka_ssl_cafile=Path("/ca.pem"),
    kafka_ssl_certfile=Path("/cert.pem"),
    kafka_ssl_keyfile=Path("/key.pem"),
)


def test_kafka_python_gets_all_of_it_by_names_that_each_of_its_classes_knows() -> None:
    options = client_options(SECURED)
    assert options == {
        "bootstrap_servers": ["one:9092", "two:9092"],
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "tick",
        "sasl_plain_password": "house",
        "ssl_cafile": "/ca.pem",
        "ssl_certfile": "/cert.pem",
        "ssl_keyfile": "/key.pem",
    }
    for client in (KafkaProducer, KafkaConsumer, KafkaAdminClient):
        assert options.keys() <= client.DEFAULT_CONFIG.keys()


def test_confluent_gets_the_same() -> None:
    assert confluent_options(SECURED) == {
        "bootstrap.servers": "one:9092,two:9092",
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": "tick",
        "sasl.password": "house",
        "ssl.ca.location": "/ca.pem",
        "ssl.certificate.location": "/cert.pem",
        "ssl.key.location": "/key.pem",
    }


def test_librdkafka_knows_the_names() -> None:
    options = confluent_options(SECURED.model_copy(update={"kafka_security_protocol": "SASL_PLAINTEXT"}))
    assert len(Producer(options)) == 0


@pytest.mark.parametrize(
    ("protocol", "names"),
    [
        ("PLAINTEXT", set()),
        ("SSL", {"ssl_cafile", "ssl_certfile", "ssl_keyfile"}),
        ("SASL_PLAINTEXT", {"sasl_mechanism", "sasl_plain_username", "sasl_plain_password"}),
    ],
)
def test_only_what_the_protocol_needs_is_passed(protocol: str, names: set[str]) -> None:
    settings = SECURED.model_copy(update={"kafka_security_protocol": protocol})
    assert client_options(settings).keys() == {"bootstrap_servers", "security_protocol"} | names
