"""A program that outlives the command that started it, known by its pid file.

    claim ─▶ spawn ─▶ the pid file, locked by the program itself ─▶ lock gone: program gone

The lock counts, not the number inside: it goes with the program whatever ends it, and a pid that the
system has since given to somebody else is never mistaken for ours.
"""

import fcntl
import os
import pwd
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ingest.core.held_file import is_held

# The program inherits the locked pid file as descriptor 3. Put in the background by a shell that ends at
# once, it is nobody's child: no zombie is left behind, and nobody's Ctrl-C reaches it.
SPAWN = 'output=$1; shift; "$@" 3>&1 >"$output" 2>&1 </dev/null & echo $!'

LOOK_EVERY_SECONDS = 0.02
KILL_PATIENCE_SECONDS = 10


def as_user(name: str | None) -> dict[str, Any]:
    """What makes `subprocess` run a program as somebody else, and in none of our groups."""
    return {} if name is None else {"user": name, "group": pwd.getpwnam(name).pw_gid, "extra_groups": []}


@dataclass(frozen=True, slots=True)
class Daemon:
    """At most one running program per pid file."""

    pid_file: Path
    output: Path
    """What the program says outside of its own log; begun anew at each start."""
    stop_signal: signal.Signals = signal.SIGTERM
    """What ends it in order."""
    user: str | None = None
    """Whom it runs as, if not as us."""

    def claim(self) -> IO[str] | None:
        """The pid file, locked, for `spawn`; None while the program runs or another start is under way."""
        file = self.pid_file.open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return None
        return file

    def spawn(self, claim: IO[str], command: Sequence[str], cwd: Path) -> None:
        """Start the program in the background. Closing the claim afterwards leaves the lock to it."""
        claim.truncate(0)
        shell = ["/bin/sh", "-c", SPAWN, "sh", str(self.output), *command]
        # A Java that finds no UTF-8 locale cannot open paths with letters outside ASCII.
        env = {**os.environ, "LC_ALL": "C.UTF-8"}
        subprocess.run(
            shell, stdout=claim, cwd=cwd, env=env, start_new_session=True, check=True, **as_user(self.user)
        )

    def is_running(self) -> bool:
        return is_held(self.pid_file)

    def pid(self) -> int | None:
        """The running program's; None if it does not run, or a start is only just under way."""
        return self._last_pid() if self.is_running() else None

    def has_died(self) -> bool:
        """Whether it ended without being stopped."""
        return not self.is_running() and self._last_pid() is not None

    def stop(self, patience_seconds: float) -> None:
        """End the program: politely first, by force when it takes longer than that."""
        for number, seconds in (
            (self.stop_signal, patience_seconds),
            (signal.SIGKILL, KILL_PATIENCE_SECONDS),
        ):
            pid = self.pid()
            if pid is not None:
                self._tell(pid, number)
            deadline = time.monotonic() + seconds
            while self.is_running() and time.monotonic() < deadline:
                time.sleep(LOOK_EVERY_SECONDS)
        if self.pid_file.exists() and not self.is_running():
            self.pid_file.write_text("")

    def _tell(self, pid: int, number: signal.Signals) -> None:
        if self.user is None:
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        else:
            # The program can write to its pid file: with its own rights it ends nobody else's programs.
            command = ["/bin/kill", "-s", number.name.removeprefix("SIG"), str(pid)]
            subprocess.run(command, check=False, capture_output=True, **as_user(self.user))

    def _last_pid(self) -> int | None:
        text = self.pid_file.read_text().strip() if self.pid_file.exists() else ""
        return int(text) if text.isdigit() else None
