"""A broker that others have to log in to: TLS, certificates of clients, passwords, tokens, rights.

    one CA ─▶ a good certificate, an expired one, one of another host; a client's, its key encrypted

Each way in has a listener of its own. Whoever comes by PLAINTEXT, as its owner, may do all.
"""

import base64
import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID
from kafka import KafkaAdminClient
from kafka.admin import UserScramCredentialUpsertion
from pydantic import SecretStr

from ingest.core.settings import Settings
from ingest.kafka.connect import connect
from ingest.services import broker, broker_config, ports
from tests.support.broker import OwnBroker

USER, PASSWORD, KEY_PASSWORD = "tick", "a house of ticks", "behind the key"
LISTENERS = {
    "MTLS": "SSL",
    "EXPIRED": "SSL",
    "ELSEWHERE": "SSL",
    "LOGIN": "SASL_SSL",
    "OPEN": "SASL_PLAINTEXT",
}


class Authority:
    """Signs certificates, and writes them where Kafka and its clients read them."""

    def __init__(self, folder: Path, name: str = "ca") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._key = folder, ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = self._builder(self._name, 1).public_key(self._key.public_key())
        certificate = certificate.add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
        self._certificate = certificate.sign(self._key, hashes.SHA256())
        self.file = folder / f"{name}.pem"
        self.file.write_bytes(self._certificate.public_bytes(Encoding.PEM))

    def sign(self, name: str, *, days: int = 1, host: str | None = None, password: str | None = None) -> Path:
        """A key and its certificate in one file, PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        known = x509.DNSName(host) if host else x509.IPAddress(ip_address(ports.LOOPBACK))
        builder = self._builder(subject, days).public_key(key.public_key())
        builder = builder.add_extension(x509.SubjectAlternativeName([known]), critical=False)
        certificate = builder.sign(self._key, hashes.SHA256())
        locked = BestAvailableEncryption(password.encode()) if password else NoEncryption()
        text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked)
        file = self._folder / f"{name}.pem"
        file.write_bytes(text + certificate.public_bytes(Encoding.PEM))
        return file

    def _builder(self, subject: x509.Name, days: int) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=9))
            .not_valid_after(now + timedelta(days=days))
        )


@dataclass(frozen=True)
class SecuredBroker:
    """`settings` lead to it as its owner; `by` as somebody who comes by one of the listeners."""

    own: OwnBroker
    ca: Path
    client: Path
    ports: dict[str, int]

    def by(self, listener: str, home: Path, **fields: Any) -> Settings:
        """With what gets in there, but for what `fields` say. `TOKEN` is LOGIN with one."""
        is_token = listener == "TOKEN"
        listener = "LOGIN" if is_token else listener
        protocol = LISTENERS[listener]
        known: dict[str, Any] = {
            "tickhouse_home": home,
            "kafka_bootstrap_servers": f"{ports.LOOPBACK}:{self.ports[listener]}",
            "kafka_security_protocol": protocol,
        }
        if protocol.endswith("SSL"):
            known["kafka_ssl_cafile"] = self.ca
        if listener == "MTLS":
            known["kafka_ssl_certfile"] = known["kafka_ssl_keyfile"] = self.client
            known["kafka_ssl_key_password"] = SecretStr(KEY_PASSWORD)
        if protocol.startswith("SASL"):
            known["kafka_sasl_mechanism"] = "SCRAM-SHA-512"
            known["kafka_sasl_username"], known["kafka_sasl_password"] = USER, SecretStr(PASSWORD)
        if is_token:
            (home / "token").write_text(unsigned_token())
            known |= {"kafka_sasl_mechanism": "OAUTHBEARER", "kafka_sasl_token_path": home / "token"}
        return Settings(**{**known, **fields})


def start(home: Path, patch: pytest.MonkeyPatch) -> SecuredBroker:
    """Whoever calls it stops `own`."""
    authority = Authority(home / "tls")
    keys = {
        "MTLS": authority.sign("good"),
        "EXPIRED": authority.sign("expired", days=-1),
        "ELSEWHERE": authority.sign("elsewhere", host="kafka.example"),
    }
    keys["LOGIN"] = keys["MTLS"]
    own = OwnBroker(home)
    taken = {name: ports.free_port() for name in LISTENERS}
    extra = _properties(taken, keys, authority.file)

    def server_properties(port: int, controller_port: int) -> str:
        text = broker_config.server_properties(port, controller_port)
        known = dict(line.split("=", 1) for line in text.splitlines())
        for name in ("listeners", "advertised.listeners", "listener.security.protocol.map"):
            known[name] += "," + extra[name]
        return broker_config.properties({**extra, **known})

    patch.setattr(broker, "server_properties", server_properties)
    own.start()
    secured = SecuredBroker(own, authority.file, authority.sign("tick", password=KEY_PASSWORD), taken)
    admin = connect(own.settings, KafkaAdminClient)
    admin.alter_user_scram_credentials([UserScramCredentialUpsertion(USER, "SCRAM-SHA-512", PASSWORD)])
    admin.close()
    return secured


def _properties(taken: dict[str, int], keys: dict[str, Path], ca: Path) -> dict[str, str]:
    listeners = ",".join(f"{name}://{ports.LOOPBACK}:{port}" for name, port in taken.items())
    found = {
        "listeners": listeners,
        "advertised.listeners": listeners,
        "listener.security.protocol.map": ",".join(f"{name}:{kind}" for name, kind in LISTENERS.items()),
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",
        "listener.name.mtls.ssl.client.auth": "required",
        "listener.name.open.sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "listener.name.login.sasl.enabled.mechanisms": "SCRAM-SHA-512,OAUTHBEARER",
    }
    scram = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
    bearer = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required;"
    for name in ("open", "login"):
        found[f"listener.name.{name}.scram-sha-512.sasl.jaas.config"] = scram
    found["listener.name.login.oauthbearer.sasl.jaas.config"] = bearer
    for name, key in keys.items():
        prefix = f"listener.name.{name.lower()}.ssl"
        found |= {
            f"{prefix}.keystore.type": "PEM",
            f"{prefix}.keystore.location": str(key),
            f"{prefix}.truststore.type": "PEM",
            f"{prefix}.truststore.location": str(ca),
        }
    return found


def unsigned_token(subject: str = USER, seconds: int = 600) -> str:
    """A JWT as Kafka's own unsecured validator takes it."""
    now = int(time.time())
    parts = ({"alg": "none"}, {"sub": subject, "iat": now, "exp": now + seconds})
    return (
        ".".join(base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in parts) + "."
    )
