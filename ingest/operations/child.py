"""A process that lives and ends with the command that started it, with a log of its own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.core.settings import Settings
from ingest.operations.supervisor import Death
from ingest.warehouse.dbt_variables import dbt_variables, without_secrets

if TYPE_CHECKING:
    import psutil

# Politely, then less so. Dagster needs a while to stop its own children.
STOP_SIGNALS = ((signal.SIGINT, 20), (signal.SIGTERM, 5), (signal.SIGKILL, 5))
ORPHAN_SECONDS = 5


@dataclass(slots=True)
class Child:
    """In a session of its own, so that Ctrl-C reaches only us and we stop it in order."""

    name: str
    command: Sequence[str]
    settings: Settings
    log_path: Path
    process: subprocess.Popen[bytes]
    may_finish: bool = False
    """It may come to a good end by itself, as a replay does."""
    _outlived: "list[psutil.Process]" = field(default_factory=list)
    """What a process that died had started: a run goes on without its code server."""

    def death(self) -> Death | None:
        """How it has ended by itself, if it has."""
        code = self.process.poll()
        if code is None or (self.may_finish and code == 0):
            return None
        if code < 0:
            return Death(f"was killed by {signal.Signals(-code).name}", is_violent=True)
        return Death(f"ended with code {code}", is_violent=False)

    def start_again(self) -> None:
        self._outlived += group_of(self.process.pid)
        with self.log_path.open("a") as log:
            log.write(f"--- {time.strftime('%F %T')}: {self.name} is started again ---\n")
        self.process = _spawn(self.command, self.log_path, self.settings)

    def stop(self) -> None:
        """End it and everything it started, now or before it was started again."""
        started = [*self._outlived, *group_of(self.process.pid)]
        for process in self._outlived:
            _tell(process, signal.SIGINT)
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
        _end(started)


def start_child(name: str, command: Sequence[str], settings: Settings, *, may_finish: bool = False) -> Child:
    """Run one of our programs with this instance's environment."""
    log_path = begin_log(settings, name.replace(" ", "-"))
    return Child(name, command, settings, log_path, _spawn(command, log_path, settings), may_finish)


def begin_log(settings: Settings, name: str) -> Path:
    """An empty log; the one before it is kept."""
    path = settings.tickhouse_home / "logs" / f"{name}.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        path.replace(path.with_suffix(".previous.log"))
    path.touch()
    return path


def group_of(leader: int) -> "list[psutil.Process]":
    """The processes of a group, known by more than their numbers, which the system gives out again."""
    import psutil

    found = []
    for process in psutil.process_iter():
        with suppress(ProcessLookupError, PermissionError):
            if os.getpgid(process.pid) == leader:
                found.append(process)
    return found


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


def _spawn(command: Sequence[str], log_path: Path, settings: Settings) -> subprocess.Popen[bytes]:
    with log_path.open("ab") as log:
        return subprocess.Popen(
            [str(programs() / command[0]), *command[1:]],
            # Not the project's root: Dagster would let the `.env` there overrule this instance.
            cwd=settings.dagster_home,
            env=instance_environment(settings),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _end(processes: "list[psutil.Process]") -> None:
    """Those that were told to end have a few seconds."""
    deadline = time.monotonic() + ORPHAN_SECONDS
    while any(lives(process) for process in processes) and time.monotonic() < deadline:
        time.sleep(0.05)
    for process in processes:
        _tell(process, signal.SIGKILL)


def lives(process: "psutil.Process") -> bool:
    """A dead one that nobody has buried yet does not (in containers nobody may)."""
    import psutil

    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _tell(process: "psutil.Process", number: signal.Signals) -> None:
    import psutil

    with suppress(psutil.NoSuchProcess):  # psutil sees that a number has been given to somebody else
        process.send_signal(number)
