"""The embedded PostgreSQL: what it is told, who may come in, and what is said when it cannot start."""

import os
import stat
from pathlib import Path

import psutil
import psycopg
import pytest

from ingest.core.errors import ServiceFailed, SettingsInvalid
from ingest.core.settings import Settings
from ingest.services import postgres
from tests.cdc.world import kill_postgres


@pytest.mark.slow
def test_it_outlives_a_kill_and_keeps_its_place(open_home: Path) -> None:
    settings = Settings(tickhouse_home=open_home / "killed")
    try:
        postgres.start(settings)
        url = postgres.postgres_url(settings)
        with psycopg.connect(url) as connection:
            connection.execute("create table kept (number integer)")
        kill_postgres(settings)
        assert not postgres.is_up(settings)
        postgres.start(settings)
        assert postgres.postgres_url(settings) == url
        with psycopg.connect(url) as connection:
            assert connection.execute("select count(*) from kept").fetchone() == (0,)
            told = connection.execute("select current_setting('wal_level')").fetchone()
        assert told == ("logical",)
        assert_closed(settings, url)
    finally:
        postgres.stop(settings)
    assert postgres.pid(settings) is None


def assert_closed(settings: Settings, url: str) -> None:
    """Without the password nobody comes in, and it is for nobody else to read."""
    password = (settings.postgres_home / "password").read_text()
    assert stat.S_IMODE((settings.postgres_home / "password").stat().st_mode) == 0o600
    pid = postgres.pid(settings)
    assert pid is not None
    assert password not in " ".join(psutil.Process(pid).cmdline())
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(url.replace(password, "guessed"))


@pytest.mark.slow
def test_a_cluster_that_does_not_start_shows_why(open_home: Path) -> None:
    settings = Settings(tickhouse_home=open_home / "broken")
    postgres.start(settings)
    postgres.stop(settings)
    (settings.postgres_home / "data" / "PG_VERSION").write_text("9.6\n")
    with pytest.raises(ServiceFailed, match=r"(?s)ended while it was starting.*incompatible"):
        postgres.start(settings)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's PostgreSQL runs as somebody else")
def test_root_is_told_which_folder_is_closed(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(SettingsInvalid, match=r"'nobody', who cannot pass through .*TICKHOUSE_HOME"):
        postgres.start(Settings(tickhouse_home=closed / "home"))


def test_without_a_postgres_the_extra_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(postgres, "find_spec", lambda _: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SettingsInvalid, match=r"extra `cdc`.*POSTGRES_URL"):
        postgres.start(Settings(tickhouse_home=tmp_path))


def test_before_the_first_start_there_is_nowhere_to_load(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="up --with cdc"):
        postgres.postgres_url(Settings(tickhouse_home=tmp_path))
