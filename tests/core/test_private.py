"""What Tickhouse writes is for its user alone, also what its children write, and what lay there before."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from ingest.core.private import close_to_others
from ingest.core.settings import Settings
from ingest.operations.backup import backup
from ingest.operations.child import dbt_environment, instance_environment, start_child
from ingest.operations.home import prepare_home, write_env
from ingest.warehouse.snowflake.dbt_variables import SECRET
from tests.snowflake.test_session import pem

TICKHOUSE = Path(sys.executable).with_name("tickhouse")


def open_to_others(folder: Path) -> list[str]:
    """What another user could read: a closed folder closes what is in it."""
    found = []
    for path in folder.iterdir():
        if path.lstat().st_mode & 0o077:
            found.append(f"{path.relative_to(folder)} {stat.filemode(path.lstat().st_mode)}")
        elif path.is_dir():
            found += open_to_others(path)
    return found


def test_a_home_is_closed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    environment = {"TICKHOUSE_HOME": str(home), "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1", "PATH": "/bin"}
    for command in ("drain", "backup"):  # nobody is there to drain from; the home is made
        subprocess.run([TICKHOUSE, command], env=environment, check=False, capture_output=True)
    assert {"warehouse.duckdb", "backups"} <= {path.name for path in home.iterdir()}
    assert open_to_others(home) == []


def test_a_home_that_was_open_is_closed(tmp_path: Path) -> None:
    settings = Settings(tickhouse_home=tmp_path)
    prepare_home(settings)
    backup(settings)
    (tmp_path / "logs").mkdir(mode=0o755)
    (tmp_path / "warehouse.duckdb").chmod(0o644)
    prepare_home(settings)
    assert [
        name
        for name in open_to_others(tmp_path)
        if ".duckdb" in name or "/" in name or name.startswith("logs")
    ] == []


def test_settings_with_secrets_are_closed(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(f"KAFKA_SASL_PASSWORD=x\nTICKHOUSE_HOME={tmp_path}\n")
    file.chmod(0o644)
    write_env(Settings(tickhouse_home=tmp_path), file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_somebody_else_s_file_behind_a_link_stays_as_it_is(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.touch(mode=0o644)
    link = tmp_path / "link"
    link.symlink_to(other)
    close_to_others(link)
    assert stat.S_IMODE(other.stat().st_mode) == 0o644


@pytest.fixture
def on_snowflake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    file = tmp_path / "key.pem"
    file.write_bytes(pem("open sesame"))
    monkeypatch.setenv("SNOWFLAKE_PRIVATE_KEY_PASSPHRASE", "open sesame")
    who = {
        "snowflake_account": "a-b",
        "snowflake_user": "u",
        "snowflake_database": "market",
        "snowflake_private_key_path": file,
    }
    return Settings(tickhouse_home=tmp_path, warehouse="snowflake", **who)  # pyright: ignore[reportArgumentType]


def test_a_decrypted_key_is_dbt_s_alone(on_snowflake: Settings) -> None:
    (on_snowflake.dagster_home).mkdir()
    assert dbt_environment(on_snowflake)[f"{SECRET}_PRIVATE_KEY"]
    assert not any(name.startswith(SECRET) for name in instance_environment(on_snowflake))
    child = start_child("printer", ["python", "-c", "import os; print(dict(os.environ))"], on_snowflake)
    child.process.wait(30)
    said = child.log_path.read_text()
    assert "SNOWFLAKE_ACCOUNT" in said
    assert SECRET not in said
