"""A process that has imported and parsed everything once. Each run is forked from it, in no time.

pytest ── orders ──▶ fork_server (dagster, dbt: warm) ── fork ──▶ run, with its harm
"""

import multiprocessing
import os
import sys
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

from ingest.core.settings import Settings

Work = Callable[[], int]


class ForkServer:
    """The side of the test."""

    def __init__(self, prepare: Callable[[], None]) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, prepare), daemon=True)
        self._process.start()

    def fork(self, work: Work, log: Path) -> int:
        """Start it in a process of its own; the number of the process."""
        self._pipe.send((work, log))
        return self._pipe.recv()

    def exit_code(self, pid: int) -> int | None:
        """None while it runs; negative: the signal that ended it."""
        self._pipe.send(pid)
        return self._pipe.recv()

    def close(self) -> None:
        self._process.kill()
        self._process.join()


def _serve(pipe: Connection, prepare: Callable[[], None]) -> None:
    Settings.model_config["env_file"] = None
    prepare()
    codes: dict[int, int] = {}
    while True:
        match pipe.recv():
            case (work, log):
                pipe.send(os.fork() or _be_born(work, log))
            case int(pid):
                pipe.send(_exit_code(pid, codes))


def _exit_code(pid: int, codes: dict[int, int]) -> int | None:
    if pid not in codes:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            codes[pid] = os.waitstatus_to_exitcode(status)
    return codes.get(pid)


def _be_born(work: Work, log: Path) -> None:
    """Never returns."""
    code = 70
    try:
        with log.open("a") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        code = work()
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
