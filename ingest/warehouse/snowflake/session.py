"""A session in Snowflake, let in by the strongest proof that the settings hold.

key pair  ─▶  token (access token, OAuth, workload identity)  ─▶  password, with a warning
"""

import json
import logging
from typing import Any

from cryptography.hazmat.primitives import serialization
from snowflake.connector import SnowflakeConnection, connect
from snowflake.connector.errors import DataError, Error, IntegrityError, NotSupportedError, ProgrammingError

from ingest.core.errors import NeedsAttention, SettingsInvalid, TickhouseError, WarehouseUnavailable
from ingest.core.settings import Settings

log = logging.getLogger(__name__)

NETWORK_SECONDS = 60
NO_SUCH_OBJECT = 2003
TOKEN_WAYS = {
    "token": "PROGRAMMATIC_ACCESS_TOKEN",
    "oauth": "OAUTH",
    "workload_identity": "WORKLOAD_IDENTITY",
}


def open_session(settings: Settings, run_id: str | None = None) -> SnowflakeConnection:
    """A session whose statements bear the run's id in their query tag."""
    try:
        return connect(**session_options(settings, run_id))
    except Error as error:
        raise explained(error) from error


def session_options(settings: Settings, run_id: str | None = None) -> dict[str, Any]:
    """What the connector is told."""
    if not (settings.snowflake_account and settings.snowflake_database):
        raise SettingsInvalid("WAREHOUSE=snowflake wants SNOWFLAKE_ACCOUNT and SNOWFLAKE_DATABASE as well.")
    tag = json.dumps({"app": "tickhouse", "run_id": run_id})
    options = {
        "account": settings.snowflake_account,
        "user": settings.snowflake_user,
        "role": settings.snowflake_role,
        "warehouse": settings.snowflake_warehouse,
        "database": settings.snowflake_database,
        "host": settings.snowflake_host,
        "port": settings.snowflake_port,
        "protocol": settings.snowflake_protocol,
    }
    return {
        **{name: value for name, value in options.items() if value is not None},
        **proof(settings),
        "session_parameters": {"QUERY_TAG": tag, "TIMEZONE": "UTC"},
        "schema": "raw",
        "login_timeout": NETWORK_SECONDS,
        "network_timeout": NETWORK_SECONDS,
    }


def proof(settings: Settings) -> dict[str, Any]:
    """Who we are, in the way that the settings allow."""
    if settings.snowflake_private_key_path or settings.snowflake_private_key:
        return {"authenticator": "SNOWFLAKE_JWT", "private_key": _private_key(settings)}
    if settings.snowflake_token or settings.snowflake_authenticator == "workload_identity":
        way = TOKEN_WAYS[settings.snowflake_authenticator]
        secret = settings.snowflake_token
        provider = settings.snowflake_workload_identity_provider
        return {
            "authenticator": way,
            **({"token": secret.get_secret_value()} if secret else {}),
            **({"workload_identity_provider": provider} if provider else {}),
        }
    if settings.snowflake_password:
        log.warning(
            "SNOWFLAKE_PASSWORD works on trial accounts only, and anybody who reads it gets in: "
            "set SNOWFLAKE_PRIVATE_KEY_PATH instead."
        )
        return {"password": settings.snowflake_password.get_secret_value()}
    raise SettingsInvalid(
        "Nothing says who we are: set SNOWFLAKE_PRIVATE_KEY_PATH, SNOWFLAKE_PRIVATE_KEY or SNOWFLAKE_TOKEN."
    )


def _private_key(settings: Settings) -> bytes:
    """The key as the connector wants it: DER, PKCS #8, without a passphrase."""
    phrase = settings.snowflake_private_key_passphrase
    try:
        if settings.snowflake_private_key_path:
            pem = settings.snowflake_private_key_path.expanduser().read_bytes()
        else:
            assert settings.snowflake_private_key  # noqa: S101  (the caller has looked)
            pem = settings.snowflake_private_key.get_secret_value().replace("\\n", "\n").encode()
        key = serialization.load_pem_private_key(pem, phrase.get_secret_value().encode() if phrase else None)
    except (OSError, ValueError, TypeError) as error:
        raise SettingsInvalid(
            f"The private key for Snowflake cannot be read ({type(error).__name__}): "
            "SNOWFLAKE_PRIVATE_KEY_PATH or SNOWFLAKE_PRIVATE_KEY wants PKCS #8 PEM, "
            "SNOWFLAKE_PRIVATE_KEY_PASSPHRASE its passphrase if it has one."
        ) from None
    encoding, form = serialization.Encoding.DER, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, form, serialization.NoEncryption())


def explained(error: Error) -> TickhouseError:
    """An error of the connector in our words: go on later, or act."""
    said = " ".join(str(error).split())
    if not isinstance(error, ProgrammingError | DataError | IntegrityError | NotSupportedError):
        return WarehouseUnavailable(f"Snowflake does not answer ({said}). Nothing is lost: a rerun goes on.")
    if error.errno == NO_SUCH_OBJECT:
        return NeedsAttention(f"Snowflake lacks something: {said}. `tickhouse setup snowflake` makes it.")
    return NeedsAttention(f"Snowflake refuses: {said}")
