"""A password never shows: not in a settings object, an error, a log or what a command says."""

import logging
from pathlib import Path

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from ingest.cli import app
from ingest.core.errors import BrokerUnavailable
from ingest.core.settings import Settings
from ingest.kafka.open import open_log
from ingest.services import ports
from orchestration.notify.notify import RunFailed, to_webhook

SECRET = "tops3cret-and-long"  # noqa: S105


def away() -> dict[str, str]:
    """A cluster that does not answer, with a password for it."""
    return {
        "KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{ports.free_port()}",
        "KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
        "KAFKA_SASL_USERNAME": "reader",
        "KAFKA_SASL_PASSWORD": SECRET,
        "TICKHOUSE_NOTIFY_WEBHOOK": f"http://127.0.0.1:{ports.free_port()}/{SECRET}",
    }


@pytest.fixture
def secret_settings(monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name, value in away().items():
        monkeypatch.setenv(name, value)
    return Settings()


def test_settings_hide_it(secret_settings: Settings) -> None:
    here = secret_settings
    shown = f"{here} {here!r} {here.model_dump()} {here.model_dump_json()}"
    assert SECRET not in shown
    assert "**********" in shown


def test_a_broken_setting_does_not_tell_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_SASL_MECHANISM", SECRET)
    with pytest.raises(ValidationError) as caught:
        Settings()
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("client", ["kafka-python", "confluent"])
def test_an_error_of_the_broker_hides_it(
    secret_settings: Settings, client: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    settings = secret_settings.model_copy(update={"kafka_client": client})
    with pytest.raises(BrokerUnavailable) as caught:
        open_log(settings).states(["binance.trades"])
    assert SECRET not in f"{caught.value!r} {caught.value.__cause__!r} {caught.value.__context__!r}"
    assert SECRET not in caplog.text


def test_a_command_hides_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in {**away(), "TICKHOUSE_HOME": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    result = CliRunner().invoke(app, ["drain"])
    assert result.exit_code != 0
    assert SECRET not in result.output
    assert SECRET not in repr(result.exception)


def test_a_webhook_that_does_not_answer_is_not_named(
    secret_settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr("orchestration.notify.notify.load_settings", lambda: secret_settings)
    to_webhook(RunFailed("micro_batch", "run", "it broke"))
    assert "did not take the news" in caplog.text
    assert SECRET not in caplog.text
