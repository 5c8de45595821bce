"""Connecting to Kafka, or saying within seconds that nobody answers and what to do about it."""

import logging
import socket
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from kafka import KafkaAdminClient
from kafka.errors import (
    AuthorizationError,
    IllegalSaslStateError,
    KafkaError,
    KafkaTimeoutError,
    RetriableError,
    SaslAuthenticationFailedError,
    UnknownBrokerIdError,
    UnsupportedSaslMechanismError,
)
from kafka.net.compat import KafkaNetClient

from ingest.core.errors import BrokerUnavailable, NeedsAttention, SettingsInvalid, TickhouseError
from ingest.core.held_file import is_held
from ingest.core.settings import Settings
from ingest.kafka.connection import TOKENS, client_options
from ingest.kafka.mechanisms import unknown_mechanism
from ingest.kafka.tls import REFUSAL_SECONDS, why_not_in
from ingest.kafka.tokens import token_of

log = logging.getLogger(__name__)

Client = TypeVar("Client")

CONNECT_SECONDS = 4.0
# What passes by itself. A partition that lost its leader after it was asked for is at broker -1.
TRANSIENT = (RetriableError, UnknownBrokerIdError)
REFUSALS = (
    AuthorizationError,
    SaslAuthenticationFailedError,
    UnsupportedSaslMechanismError,
    IllegalSaslStateError,
)


def connect(settings: Settings, client_class: Callable[..., Client], **options: Any) -> Client:
    """A kafka-python client that has reached the cluster. A failed attempt leaves nothing behind."""
    require_listener(settings)
    require_means(settings)
    networks: list[KafkaNetClient] = []

    def network(**config: Any) -> KafkaNetClient:
        # kafka-python's classes leave their network thread running when they give up: keep a hand on it.
        networks.append(KafkaNetClient(**config))
        return networks[-1]

    try:
        return client_class(
            **client_options(settings),
            **options,
            bootstrap_timeout_ms=int(CONNECT_SECONDS * 1000),
            kafka_client=network,
        )
    except KafkaError as error:
        for left in networks:
            left.close()
        _require_tls(settings)
        if isinstance(error, KafkaTimeoutError):
            _require_known_mechanism(settings)
            raise broker_unavailable(settings, _shut_out(settings)) from error
        raise explained(settings, error) from error


def _shut_out(settings: Settings) -> str:
    """Kafka ends the connection of who logs in wrongly, and kafka-python tells that as a time-out."""
    reason = "its port is open, but it does not let us in"
    if not settings.kafka_security_protocol.startswith("SASL"):
        return reason
    login = "token" if settings.kafka_sasl_mechanism == TOKENS else "user or password"
    return f"{reason}: most likely the {login} is wrong"


def require_listener(settings: Settings) -> None:
    """Refuses at once where no bootstrap server has an open port; clients would knock for long."""
    # Its port may be another Tickhouse's by now, whose messages must not be taken for ours.
    if settings.kafka_bootstrap_servers is None and not is_held(settings.broker_pid_file):
        raise broker_unavailable(settings, "the embedded broker does not run")
    failures: list[str] = []
    for server in settings.bootstrap_servers.split(","):
        host, _, port = server.strip().rpartition(":")
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT_SECONDS).close()
        except OSError as error:
            failures.append(error.strerror or str(error))
        except ValueError:
            raise SettingsInvalid(
                f"KAFKA_BOOTSTRAP_SERVERS wants host:port[,host:port], not {server!r}."
            ) from None
        else:
            return
    raise broker_unavailable(settings, ", ".join(failures))


def require_way_in(settings: Settings) -> None:
    """Refuses where a client that says nothing of it would only wait: TLS, a login, a token."""
    require_listener(settings)
    if settings.kafka_security_protocol != "PLAINTEXT":
        connect(settings, KafkaAdminClient).close()


def require_means(settings: Settings) -> None:
    """Refuses what nobody could get in with, in the words of the settings, before a client tries for long."""
    protocol = settings.kafka_security_protocol
    if protocol.endswith("SSL"):
        _require_tls(settings, refusal_seconds=0)
    if not protocol.startswith("SASL"):
        return
    if settings.kafka_sasl_mechanism == TOKENS:
        token_of(settings)
    elif not (settings.kafka_sasl_username and settings.kafka_sasl_password):
        raise SettingsInvalid(
            f"KAFKA_SECURITY_PROTOCOL={protocol} wants KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD."
        )
    if protocol == "SASL_PLAINTEXT":
        _warn_of_open_login(settings.bootstrap_servers)


def _require_tls(settings: Settings, refusal_seconds: float = REFUSAL_SECONDS) -> None:
    if (reason := why_not_in(settings, refusal_seconds)) is not None:
        raise SettingsInvalid(f"Kafka at {settings.bootstrap_servers}: {reason}.")


def _require_known_mechanism(settings: Settings) -> None:
    if settings.kafka_security_protocol.startswith("SASL") and (reason := unknown_mechanism(settings)):
        raise refused(settings, reason)


@cache
def _warn_of_open_login(servers: str) -> None:
    """Once for each cluster."""
    log.warning(
        "KAFKA_SECURITY_PROTOCOL=SASL_PLAINTEXT: whoever is on the way to %s can read what is sent, and with "
        "PLAIN and OAUTHBEARER log in as this user. SASL_SSL is its encrypted form.",
        servers,
    )


def broker_unavailable(settings: Settings, reason: str) -> BrokerUnavailable:
    """The error for a cluster that does not answer, with what to do."""
    remedy = "Start it with `tickhouse up` or `tickhouse broker start`."
    if settings.kafka_bootstrap_servers:
        remedy = (
            "Is that cluster up? KAFKA_BOOTSTRAP_SERVERS names it, "
            "KAFKA_SECURITY_PROTOCOL, KAFKA_SASL_* and KAFKA_SSL_* say how to get in."
        )
    return BrokerUnavailable(f"No Kafka broker answers at {settings.bootstrap_servers} ({reason}). {remedy}")


def refused(settings: Settings, reason: str) -> SettingsInvalid:
    """The error for a cluster that answers, but not to us."""
    return SettingsInvalid(
        f"Kafka at {settings.bootstrap_servers} refuses us ({reason}). "
        f"Check KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD (of OAUTHBEARER the token) "
        "and what that user may read."
    )


def wants_fast() -> SettingsInvalid:
    """The error for a client that is not installed."""
    return SettingsInvalid(
        "KAFKA_CLIENT=confluent wants the extra `fast`: pip install 'tickhouse[fast]', "
        "or set KAFKA_CLIENT=kafka-python."
    )


def explained(settings: Settings, error: KafkaError) -> TickhouseError:
    """An error of kafka-python in our words: go on later, or act."""
    if isinstance(error, REFUSALS):
        return refused(settings, str(error))
    if isinstance(error, TRANSIENT):
        return broker_unavailable(settings, str(error))
    return NeedsAttention(f"Kafka at {settings.bootstrap_servers} cannot give us what we ask: {error}")
