"""Tokens for SASL's OAUTHBEARER, made anew at each login: the cluster asks for one again when one expires.

KAFKA_SASL_TOKEN_PATH (a file)  |  KAFKA_SASL_TOKEN_FROM (module:function) ─▶ Token ─▶ either client
"""

import base64
import importlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from kafka.net.sasl.oauth import AbstractTokenProvider

from ingest.core.errors import SettingsInvalid
from ingest.core.settings import Settings

UNKNOWN_LIFE_SECONDS = 300
"""Of a token that does not say when it expires: it is read again by then."""


class Token(NamedTuple):
    """What is sent, and until when it counts, in seconds of the epoch."""

    text: str
    expires_at: float


class TokenProvider(AbstractTokenProvider):
    """As kafka-python asks for it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def token(self) -> str:  # pyright: ignore[reportIncompatibleMethodOverride]
        return token_of(self._settings).text


def token_callback(settings: Settings) -> Callable[[str], tuple[str, float]]:
    """As confluent-kafka asks for it."""
    return lambda _: token_of(settings)


def token_of(settings: Settings) -> Token:
    if settings.kafka_sasl_token_path is not None:
        return _of_file(settings.kafka_sasl_token_path)
    if settings.kafka_sasl_token_from is not None:
        return _of_function(settings.kafka_sasl_token_from)
    raise SettingsInvalid(
        "KAFKA_SASL_MECHANISM=OAUTHBEARER wants KAFKA_SASL_TOKEN_PATH or KAFKA_SASL_TOKEN_FROM."
    )


def _of_file(path: Path) -> Token:
    try:
        text = path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsInvalid(f"KAFKA_SASL_TOKEN_PATH: cannot read {path}: {error}") from None
    if not text:
        raise SettingsInvalid(f"KAFKA_SASL_TOKEN_PATH: {path} is empty; a token is expected there.")
    return Token(text, _expiry(text))


def _of_function(place: str) -> Token:
    module, _, name = place.partition(":")
    try:
        function = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise SettingsInvalid(f"KAFKA_SASL_TOKEN_FROM={place}: {error}. It wants module:function.") from error
    text, expires_at_ms = function()
    return Token(text, expires_at_ms / 1000)


def _expiry(text: str) -> float:
    """`exp` of a JWT."""
    try:
        claims = text.split(".")[1]
        return float(json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["exp"])
    except (IndexError, KeyError, TypeError, ValueError):
        return time.time() + UNKNOWN_LIFE_SECONDS
