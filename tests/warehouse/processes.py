"""Other processes at the same warehouse: real ones, since locks and kill -9 are about processes."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def process(script: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """The Python script in a process of its own, from the moment it prints `ready`; killed at the end."""
    command = [sys.executable, "-c", script, *map(str, arguments)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        try:
            wait_until_ready(child)
            yield child
        finally:
            child.kill()


def wait_until_ready(child: subprocess.Popen[str]) -> None:
    assert child.stdout
    assert child.stdout.readline() == "ready\n"
