"""`tickhouse up` in the background: it outlives the command that starts it, which waits until it is up."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from ingest.core.errors import ServiceFailed
from ingest.core.settings import Settings
from ingest.operations.child import begin_log, programs
from ingest.operations.home import make_home
from ingest.operations.home_lock import require_down

IS_UP = "The Dagster UI is at"
"""How the line begins that `up` says when it is."""
LOOK_SECONDS = 0.1


def start_detached(settings: Settings, arguments: Sequence[str], say: Callable[[str], None]) -> None:
    """Say what it says until it is up; ServiceFailed if it ends before."""
    require_down(settings)
    make_home(settings.tickhouse_home)
    log = begin_log(settings, "console")
    with log.open("ab") as output:
        process = subprocess.Popen(
            [str(programs() / "tickhouse"), *arguments],
            env={**os.environ, "TICKHOUSE_HOME": str(settings.tickhouse_home)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait(process, log, say)
    except BaseException:
        process.send_signal(signal.SIGTERM)
        process.wait()
        raise


def _wait(process: "subprocess.Popen[bytes]", log: Path, say: Callable[[str], None]) -> None:
    with log.open(errors="replace") as said:
        while process.poll() is None:
            for line in said:
                if line.strip():
                    say(line.rstrip())
                if line.startswith(IS_UP):
                    return
            time.sleep(LOOK_SECONDS)
        raise ServiceFailed(f"It did not come up. {said.read().strip()}")
