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
from ingest.warehouse.snowflake.patience import ENDED_EARLY, LOCK_SECONDS, LONGEST_SECONDS, NETWORK_SECONDS

log = logging.getLogger(__name__)

NO_SUCH_OBJECT = 2003
LOGIN_EXPIRED = (390114, 390318)
"""Of the session, or of its OAuth token: the next login reads the token anew."""
TOKEN_WAYS = {
    "token": "PROGRAMMATIC_ACCESS_TOKEN",
    "oauth": "OAUTH",
    "workload_identity": "WORKLOAD_IDENTITY",
}

SESSION_PARAMETERS = {
    # What an account, a user or a role may have set otherwise, and our statements rely on.
    "TIMEZONE": "UTC",
    "TIMESTAMP_TYPE_MAPPING": "TIMESTAMP_NTZ",
    "BINARY_INPUT_FORMAT": "HEX",
    "QUOTED_IDENTIFIERS_IGNORE_CASE": False,
    "TRANSACTION_ABORT_ON_ERROR": False,
    "LOCK_TIMEOUT": LOCK_SECONDS,
    "STATEMENT_TIMEOUT_IN_SECONDS": LONGEST_SECONDS,
    # Of a client that is gone nothing runs on.
    "ABORT_DETACHED_QUERY": True,
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
        "session_parameters": {**SESSION_PARAMETERS, "QUERY_TAG": tag},
        "autocommit": True,
        "schema": "raw",
        # Values go beside the statement, never into its text.
        "paramstyle": "qmark",
        "login_timeout": NETWORK_SECONDS,
        "network_timeout": NETWORK_SECONDS,
    }


def proof(settings: Settings) -> dict[str, Any]:
    """Who we are, in the way that the settings allow."""
    if settings.snowflake_private_key_path or settings.snowflake_private_key:
        return {"authenticator": "SNOWFLAKE_JWT", "private_key": _private_key(settings)}
    token = _token(settings)
    if token or settings.snowflake_authenticator == "workload_identity":
        way = TOKEN_WAYS[settings.snowflake_authenticator]
        provider = settings.snowflake_workload_identity_provider
        return {
            "authenticator": way,
            **({"token": token} if token else {}),
            **({"workload_identity_provider": provider} if provider else {}),
        }
    if settings.snowflake_password:
        log.warning(
            "SNOWFLAKE_PASSWORD works on trial accounts only, and anybody who reads it gets in: "
            "set SNOWFLAKE_PRIVATE_KEY_PATH instead."
        )
        return {"password": settings.snowflake_password.get_secret_value()}
    raise SettingsInvalid(
        "Nothing says who we are: set SNOWFLAKE_PRIVATE_KEY_PATH, SNOWFLAKE_PRIVATE_KEY, SNOWFLAKE_TOKEN "
        "or SNOWFLAKE_TOKEN_PATH."
    )


def _token(settings: Settings) -> str | None:
    """As it is now: OAuth's last for minutes, and somebody else renews the file."""
    if settings.snowflake_token_path is None:
        return settings.snowflake_token.get_secret_value() if settings.snowflake_token else None
    try:
        return settings.snowflake_token_path.expanduser().read_text().strip()
    except OSError as error:
        raise SettingsInvalid(
            f"SNOWFLAKE_TOKEN_PATH cannot be read ({type(error).__name__}): {settings.snowflake_token_path}."
        ) from None


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
    if error.errno in LOGIN_EXPIRED:
        return WarehouseUnavailable(f"Snowflake wants a new login ({said}). A rerun goes on with one.")
    if error.errno in ENDED_EARLY:
        return WarehouseUnavailable(
            f"Snowflake ended a statement that took too long ({said}); nothing of it stayed. "
            "A rerun goes on. If it is always the same one, give it a larger warehouse."
        )
    if error.errno == NO_SUCH_OBJECT:
        return NeedsAttention(f"Snowflake lacks something: {said}. `tickhouse setup snowflake` makes it.")
    return NeedsAttention(f"Snowflake refuses: {said}")
