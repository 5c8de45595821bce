"""A stand-in for Snowflake, in a process and an environment of its own: fakesnow, over HTTP.

What it stands on must not decide what we stand on, so it gets an environment, made once and kept in `.venv`.
"""

import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from ingest.core.settings import PROJECT_ROOT, Settings
from ingest.services.ports import free_port

HERE = Path(__file__).parent
LOCK = HERE / "stand_in.lock"
PATIENCE_SECONDS = 120


@contextmanager
def stand_in(log: Path, detached_seconds: float = 300) -> Iterator[int]:
    """A running stand-in with nothing in it; its port. A killed client's session is kept for so long."""
    port = free_port()
    command = [
        str(_environment() / "bin" / "python"),
        str(HERE / "mended_fakesnow.py"),
        "-s",
        "-p",
        str(port),
    ]
    with log.open("w") as said:
        process = subprocess.Popen(
            command,
            stdout=said,
            stderr=said,
            start_new_session=True,
            env={**os.environ, "STAND_IN_DETACHED_SECONDS": str(detached_seconds)},
        )
        try:
            _wait_until_it_answers(process, port, log)
            yield port
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()


def on_stand_in(port: int, database: str, **others: Any) -> Settings:
    """Settings that lead to it."""
    return Settings(
        warehouse="snowflake",
        snowflake_account="stand_in",
        snowflake_user="tester",
        snowflake_token=SecretStr("any"),
        snowflake_database=database,
        snowflake_host="127.0.0.1",
        snowflake_port=port,
        snowflake_protocol="http",
        **others,
    )


def on_account(environment: Mapping[str, str], database: str, home: Path) -> Settings:
    """Settings that lead to a real account, as its variables say, and to another database there."""
    fields: dict[str, Any] = {name.lower(): value for name, value in environment.items()}
    return Settings(warehouse="snowflake", tickhouse_home=home, **{**fields, "snowflake_database": database})


def _wait_until_it_answers(process: subprocess.Popen, port: int, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=2).close()
            return
        time.sleep(0.1)
    raise AssertionError(f"The stand-in does not answer: {log.read_text()}")


def _environment() -> Path:
    """The virtual environment for this very lock, made by uv if it is not there."""
    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]
    place = PROJECT_ROOT / ".venv" / f"stand_in-{digest}"
    if not (place / "made").exists():
        uv = str(Path(sys.executable).parent / "uv")
        quiet = {"env": {**os.environ, "VIRTUAL_ENV": str(place)}, "check": True}
        subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(place)], **quiet)
        install = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--require-hashes", "-r", str(LOCK)]
        subprocess.run(install, **quiet)
        (place / "made").touch()
    return place
