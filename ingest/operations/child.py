"""A process that lives and ends with the command that started it, with a log of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ingest.core.errors import ServiceFailed
from ingest.core.settings import Settings
from ingest.warehouse.dbt_variables import dbt_variables, without_secrets

TAIL_LINES = 15
# Politely, then less so. Dagster needs a while to stop its own children.
STOP_SIGNALS = ((signal.SIGINT, 20), (signal.SIGTERM, 5), (signal.SIGKILL, 5))


@dataclass(slots=True)
class Child:
    """In a session of its own, so that Ctrl-C reaches only us and we stop it in order."""

    name: str
    process: subprocess.Popen[bytes]
    log_path: Path
    may_finish: bool = False
    """It may come to a good end by itself, as a replay does."""

    def check(self) -> None:
        """ServiceFailed if it has ended by itself."""
        code = self.process.poll()
        if code is not None and not (self.may_finish and code == 0):
            raise self.failure(f"ended with code {self.process.returncode}")

    def failure(self, what: str) -> ServiceFailed:
        lines = self.log_path.read_text(errors="replace").splitlines()[-TAIL_LINES:]
        return ServiceFailed(f"{self.name} {what}. Its log, {self.log_path}, ends:\n" + "\n".join(lines))

    def stop(self) -> None:
        """End it and everything it started."""
        for number, seconds in STOP_SIGNALS:
            try:
                os.killpg(self.process.pid, number)
                self.process.wait(seconds)
            except ProcessLookupError:
                break
            except subprocess.TimeoutExpired:
                continue
            break
        self.process.wait()


def start_child(name: str, command: Sequence[str], settings: Settings) -> Child:
    """Run one of our programs with this instance's environment."""
    log_path = settings.tickhouse_home / "logs" / f"{name}.log"
    log_path.parent.mkdir(parents=True, exist_ok=True)
    if log_path.exists():
        log_path.replace(log_path.with_suffix(".previous.log"))
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            [str(programs() / command[0]), *command[1:]],
            # Not the project's root: Dagster would let the `.env` there overrule this instance.
            cwd=settings.dagster_home,
            env=instance_environment(settings),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return Child(name, process, log_path)


def programs() -> Path:
    """Where this environment's programs are, activated or not."""
    return Path(sys.executable).parent


def dbt_environment(settings: Settings) -> dict[str, str]:
    """For dbt itself, which takes its secrets from the environment only."""
    return {**instance_environment(settings), **dbt_variables(settings)}


def instance_environment(settings: Settings) -> dict[str, str]:
    """With it, every process of an instance finds the same home, broker and history. Without secrets."""
    return {
        **without_secrets({**os.environ, **dbt_variables(settings)}),
        "DAGSTER_HOME": str(settings.dagster_home),
        "DO_NOT_TRACK": "1",
        "SINKS": settings.sinks,
        "PATH": f"{programs()}{os.pathsep}{os.environ.get('PATH', '')}",
    }
