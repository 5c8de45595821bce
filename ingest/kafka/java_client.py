"""How a Java client (Kafka Connect's) is told which cluster to talk to, secrets and all."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ingest.core.errors import SettingsInvalid
from ingest.core.settings import Settings
from ingest.kafka.connection import client_options

LOGINS = {
    "PLAIN": "org.apache.kafka.common.security.plain.PlainLoginModule",
    "SCRAM-SHA-256": "org.apache.kafka.common.security.scram.ScramLoginModule",
    "SCRAM-SHA-512": "org.apache.kafka.common.security.scram.ScramLoginModule",
}


@dataclass(frozen=True, slots=True)
class JavaClient:
    options: dict[str, str] = field(default_factory=dict)
    key_files: tuple[Path, ...] = ()
    """A certificate and its key: Java wants them in one file."""


def java_client(settings: Settings, key_path: Path) -> JavaClient:
    """Nothing of a cluster that takes whoever comes."""
    given = client_options(settings)
    protocol: str = given["security_protocol"]
    if protocol == "PLAINTEXT":
        return JavaClient()
    options = {"security.protocol": protocol}
    if protocol.startswith("SASL"):
        options |= _login(given)
    if "ssl_cafile" in given:
        options |= {"ssl.truststore.type": "PEM", "ssl.truststore.location": given["ssl_cafile"]}
    if "ssl_certfile" in given:
        options |= {"ssl.keystore.type": "PEM", "ssl.keystore.location": str(key_path)}
    if "ssl_password" in given:
        options["ssl.key.password"] = given["ssl_password"]
    names = {given[name]: None for name in ("ssl_certfile", "ssl_keyfile") if name in given}
    return JavaClient(options, tuple(map(Path, names)))


def _login(given: Mapping[str, Any]) -> dict[str, str]:
    mechanism: str = given["sasl_mechanism"]
    if mechanism not in LOGINS:
        raise SettingsInvalid(
            f"The embedded Kafka Connect cannot log in with {mechanism}. Run Kafka Connect beside your "
            "cluster, with the connector of compose.yaml."
        )
    user, password = _quoted(given["sasl_plain_username"]), _quoted(given["sasl_plain_password"])
    login = f'{LOGINS[mechanism]} required username="{user}" password="{password}";'
    return {"sasl.mechanism": mechanism, "sasl.jaas.config": login}


def _quoted(text: str) -> str:
    """As it stands between quotes in a login."""
    return text.replace("\\", "\\\\").replace('"', '\\"')
