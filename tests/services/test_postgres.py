"""The embedded PostgreSQL: what it is told, who may come in, and what is said when it cannot start."""

import os
import shutil
import stat
import subprocess
from pathlib import Path

import psutil
import psycopg
import pytest

from ingest.core.errors import ServiceFailed, SettingsInvalid
from ingest.core.settings import Settings
from ingest.services import postgres
from ingest.services.daemon import Daemon, as_user
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


LINKS = """
for name in password port postgres.log postgres.pid; do
  rm -rf "$1/$name"; ln -s "$2" "$1/$name"
done; true
"""
"""As PostgreSQL's user, who may be somebody who got into it."""


@pytest.fixture
def roots_own(tmp_path: Path) -> Path:
    file = tmp_path / "roots_own"
    file.touch(mode=0o600)
    file.write_text("root's own")
    return file


def as_nobody(home: Path, target: Path) -> None:
    command = ["/bin/sh", "-c", LINKS, "sh", str(home), str(target)]
    subprocess.run(command, check=True, capture_output=True, **as_user(postgres.INSTEAD_OF_ROOT))


def assert_untouched(file: Path) -> None:
    assert file.read_text() == "root's own"
    assert (file.stat().st_uid, stat.S_IMODE(file.stat().st_mode)) == (0, 0o600)


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root's PostgreSQL runs as somebody else")
def test_root_follows_no_link_of_the_user_that_it_runs_as(open_home: Path, roots_own: Path) -> None:
    settings = Settings(tickhouse_home=open_home / "linked")
    home = settings.postgres_home
    try:
        postgres.start(settings)
        postgres.stop(settings)
        as_nobody(home, roots_own)
        postgres.start(settings)
        assert_untouched(roots_own)
        assert_closed(settings, postgres.postgres_url(settings))
    finally:
        postgres.stop(settings)
    assert_untouched(roots_own)
    assert [path.name for path in home.iterdir() if path.is_symlink()] == []


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root's PostgreSQL runs as somebody else")
def test_links_in_a_home_that_was_given_away_lead_nowhere(open_home: Path, roots_own: Path) -> None:
    settings = Settings(tickhouse_home=open_home / "given")
    settings.postgres_home.mkdir(parents=True)
    shutil.chown(settings.postgres_home, postgres.INSTEAD_OF_ROOT)
    as_nobody(settings.postgres_home, roots_own)
    try:
        postgres.start(settings)
        assert_untouched(roots_own)
    finally:
        postgres.stop(settings)
    assert_untouched(roots_own)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has programs that run as somebody else")
def test_a_number_in_a_pid_file_ends_no_program_of_root_s(
    open_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.services.daemon.KILL_PATIENCE_SECONDS", 0.2)
    log = open_home / "log"
    log.touch()
    shutil.chown(log, postgres.INSTEAD_OF_ROOT)
    daemon = Daemon(open_home / "pid", log, user=postgres.INSTEAD_OF_ROOT)
    claim = daemon.claim()
    assert claim is not None
    with claim:
        daemon.spawn(claim, ["sleep", "600"], cwd=open_home)
    spawned, roots_own = daemon.pid(), subprocess.Popen(["sleep", "600"])
    assert spawned is not None
    try:
        daemon.pid_file.write_text(str(roots_own.pid))
        daemon.stop(patience_seconds=0.2)
        assert roots_own.poll() is None
        daemon.pid_file.write_text(str(spawned))
        daemon.stop(patience_seconds=5)
        assert not daemon.is_running()
    finally:
        roots_own.kill()
        roots_own.wait()


def test_without_a_postgres_the_extra_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(postgres, "find_spec", lambda _: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SettingsInvalid, match=r"extra `cdc`.*POSTGRES_URL"):
        postgres.start(Settings(tickhouse_home=tmp_path))


def test_before_the_first_start_there_is_nowhere_to_load(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="up --with cdc"):
        postgres.postgres_url(Settings(tickhouse_home=tmp_path))
