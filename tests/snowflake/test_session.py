"""Who we say we are: the strongest proof that the settings hold, and nothing secret in what is shown."""

import logging
from pathlib import Path

import pytest
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from dbt.adapters.snowflake.connections import SnowflakeCredentials
from dbt.config.renderer import ProfileRenderer
from dbt_common.context import set_invocation_context
from pydantic import SecretStr
from typer.testing import CliRunner

from ingest.cli import app
from ingest.core.errors import NeedsAttention, SettingsInvalid, WarehouseUnavailable
from ingest.core.settings import PROJECT_ROOT, Settings
from ingest.operations.backup import backup
from ingest.operations.snapshot import snapshot
from ingest.warehouse.dbt_variables import dbt_variables
from ingest.warehouse.open import open_warehouse
from ingest.warehouse.snowflake.session import explained, open_session, proof, session_options
from ingest.warehouse.snowflake.warehouse import SnowflakeWarehouse
from snowflake.connector.errors import OperationalError, ProgrammingError

KEY = rsa.generate_private_key(65537, 2048)
DER = serialization.Encoding.DER
PEM = serialization.Encoding.PEM
PKCS8 = serialization.PrivateFormat.PKCS8


def pem(phrase: str | None = None) -> bytes:
    locked = (
        serialization.BestAvailableEncryption(phrase.encode()) if phrase else serialization.NoEncryption()
    )
    return KEY.private_bytes(PEM, PKCS8, locked)


def settings(**fields: object) -> Settings:
    return Settings(snowflake_account="org-account", snowflake_database="market", **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("phrase", [None, "open sesame"])
def test_a_key_from_a_file_or_a_variable(tmp_path: Path, phrase: str | None) -> None:
    file = tmp_path / "key.p8"
    file.write_bytes(pem(phrase))
    secret = SecretStr(phrase) if phrase else None
    one_line = SecretStr(pem(phrase).decode().replace("\n", "\\n"))
    for given in ({"snowflake_private_key_path": file}, {"snowflake_private_key": one_line}):
        found = proof(settings(**given, snowflake_private_key_passphrase=secret))
        assert found["authenticator"] == "SNOWFLAKE_JWT"
        assert found["private_key"] == KEY.private_bytes(DER, PKCS8, serialization.NoEncryption())


def test_a_key_comes_before_a_token_and_a_token_before_a_password(tmp_path: Path) -> None:
    file = tmp_path / "key.p8"
    file.write_bytes(pem())
    weaker = {"snowflake_token": SecretStr("t"), "snowflake_password": SecretStr("p")}
    assert "token" not in proof(settings(snowflake_private_key_path=file, **weaker))
    assert proof(settings(**weaker)) == {"authenticator": "PROGRAMMATIC_ACCESS_TOKEN", "token": "t"}


def test_a_token_in_a_file_is_read_at_each_login(tmp_path: Path) -> None:
    """OAuth's last for minutes; somebody else renews the file."""
    file = tmp_path / "token"
    ours = settings(snowflake_token_path=file, snowflake_authenticator="oauth")
    for token in ("first", "second"):
        file.write_text(token + "\n")
        assert proof(ours) == {"authenticator": "OAUTH", "token": token}
    file.unlink()
    with pytest.raises(SettingsInvalid, match="SNOWFLAKE_TOKEN_PATH"):
        proof(ours)


def test_workload_identity_needs_no_secret() -> None:
    found = proof(
        settings(snowflake_authenticator="workload_identity", snowflake_workload_identity_provider="AWS")
    )
    assert found == {"authenticator": "WORKLOAD_IDENTITY", "workload_identity_provider": "AWS"}


def test_a_password_works_with_a_warning_that_does_not_show_it(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert proof(settings(snowflake_password=SecretStr("hunter2"))) == {"password": "hunter2"}
    assert "SNOWFLAKE_PRIVATE_KEY_PATH" in caplog.text
    assert "hunter2" not in caplog.text


def test_no_proof_and_a_bad_key_say_what_to_set(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="SNOWFLAKE_PRIVATE_KEY_PATH"):
        proof(settings())
    file = tmp_path / "key.p8"
    file.write_text("no key at all")
    with pytest.raises(SettingsInvalid, match="PKCS #8") as refused:
        proof(settings(snowflake_private_key_path=file))
    assert "no key at all" not in str(refused.value)
    with pytest.raises(SettingsInvalid, match="SNOWFLAKE_ACCOUNT"):
        open_session(Settings(warehouse="snowflake"))


def test_every_statement_bears_the_run() -> None:
    options = session_options(settings(snowflake_token=SecretStr("t")), "run-7")
    assert '"run_id": "run-7"' in options["session_parameters"]["QUERY_TAG"]


def test_what_a_rerun_can_mend_and_what_it_cannot() -> None:
    assert isinstance(explained(OperationalError("gone", errno=250001)), WarehouseUnavailable)
    assert isinstance(explained(ProgrammingError("token expired", errno=390318)), WarehouseUnavailable)
    assert isinstance(explained(ProgrammingError("syntax", errno=1003)), NeedsAttention)
    assert "tickhouse setup snowflake" in str(explained(ProgrammingError("no such table", errno=2003)))


def test_what_works_on_a_file_only_refuses_instead_of_using_one(tmp_path: Path) -> None:
    for make_copy in (snapshot, backup):
        with pytest.raises(SettingsInvalid, match="Snowflake keeps its own copies"):
            make_copy(Settings(warehouse="snowflake", tickhouse_home=tmp_path))
    assert list(tmp_path.iterdir()) == []
    assert isinstance(open_warehouse(Settings(warehouse="snowflake")), SnowflakeWarehouse)


def test_the_administrators_script_names_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNOWFLAKE_DATABASE", "market_data")
    script = CliRunner().invoke(app, ["setup", "snowflake", "--account"]).output
    assert "create database if not exists market_data;" in script
    assert "{" not in script


@pytest.mark.parametrize(
    "given",
    [
        {"snowflake_private_key": SecretStr(pem("open sesame").decode())},
        {"snowflake_token": SecretStr("t")},
        {"snowflake_token": SecretStr("t"), "snowflake_authenticator": "oauth"},
        {"snowflake_authenticator": "workload_identity", "snowflake_workload_identity_provider": "AWS"},
        {"snowflake_password": SecretStr("hunter2")},
    ],
)
def test_dbt_is_let_in_as_the_drain_is(given: dict[str, object]) -> None:
    phrase = SecretStr("open sesame") if "snowflake_private_key" in given else None
    ours = settings(
        warehouse="snowflake", snowflake_user="u", snowflake_private_key_passphrase=phrase, **given
    )
    told, theirs = session_options(ours, "run-7"), credentials_of_dbt(ours, "run-7")
    found = {name: value for name, value in theirs.auth_args().items() if value}
    for name in ("user", "private_key", "token", "password", "workload_identity_provider"):
        assert found.get(name) == told.get(name)
    assert found.get("authenticator", "").upper() == told.get("authenticator", "")
    assert theirs.query_tag == told["session_parameters"]["QUERY_TAG"]
    assert (theirs.database, theirs.role, theirs.warehouse) == ("market", None, None)


def credentials_of_dbt(ours: Settings, run_id: str) -> SnowflakeCredentials:
    """As dbt reads profiles.yml in that environment."""
    set_invocation_context(dbt_variables(ours, run_id))
    profile = yaml.safe_load((PROJECT_ROOT / "dbt_project" / "profiles.yml").read_text())["tickhouse"]
    fields = ProfileRenderer({}).render_data(profile["outputs"]["snowflake"])
    return SnowflakeCredentials(**{name: fields[name] for name in fields if name not in ("type", "threads")})
