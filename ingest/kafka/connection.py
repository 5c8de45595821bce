"""How each Kafka client is told which cluster to talk to; the only place that opens a Kafka secret."""

from pathlib import Path
from typing import Any

from pydantic import SecretStr

from ingest.core.settings import Settings
from ingest.kafka.tokens import TokenProvider, token_callback

TOKENS = "OAUTHBEARER"


def client_options(settings: Settings) -> dict[str, Any]:
    """Connection arguments for every class of kafka-python (producer, consumer, admin)."""
    options: dict[str, Any] = {
        "bootstrap_servers": settings.bootstrap_servers.split(","),
        "security_protocol": settings.kafka_security_protocol,
    }
    if settings.kafka_security_protocol.startswith("SASL"):
        options["sasl_mechanism"] = settings.kafka_sasl_mechanism
        if settings.kafka_sasl_mechanism == TOKENS:
            options["sasl_oauth_token_provider"] = TokenProvider(settings)
        else:
            options["sasl_plain_username"] = settings.kafka_sasl_username
            options["sasl_plain_password"] = _opened(settings.kafka_sasl_password)
    if settings.kafka_security_protocol.endswith("SSL"):
        options["ssl_cafile"] = _path(settings.kafka_ssl_cafile)
        options["ssl_certfile"] = _path(settings.kafka_ssl_certfile)
        options["ssl_keyfile"] = _path(settings.kafka_ssl_keyfile)
        options["ssl_password"] = _opened(settings.kafka_ssl_key_password)
    return {name: value for name, value in options.items() if value is not None}


CONFLUENT_NAMES = {
    "bootstrap_servers": "bootstrap.servers",
    "security_protocol": "security.protocol",
    "sasl_mechanism": "sasl.mechanism",
    "sasl_plain_username": "sasl.username",
    "sasl_plain_password": "sasl.password",
    "ssl_cafile": "ssl.ca.location",
    "ssl_certfile": "ssl.certificate.location",
    "ssl_keyfile": "ssl.key.location",
    "ssl_password": "ssl.key.password",
}


def confluent_options(settings: Settings) -> dict[str, Any]:
    """The same arguments, as confluent-kafka (librdkafka) names them."""
    options = client_options(settings)
    options["bootstrap_servers"] = ",".join(options["bootstrap_servers"])
    if options.pop("sasl_oauth_token_provider", None) is not None:
        tokens = {"oauth_cb": token_callback(settings)}
    else:
        tokens = {}
    return {CONFLUENT_NAMES[name]: value for name, value in options.items()} | tokens


def _opened(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()


def _path(value: Path | None) -> str | None:
    return None if value is None else str(value)
