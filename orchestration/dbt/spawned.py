"""A Python module of ours in a process of its own, which nobody has to wait for."""

import subprocess
import sys
import tempfile

from orchestration.dbt import environment

TOLD_CHARACTERS = 2000
RESULTS = "results: "
"""How a line with results begins, among whatever libraries say."""


class Spawned:
    """One process; what it says is kept until it has ended."""

    def __init__(self, module: str, *arguments: str, run_id: str | None = None) -> None:
        self._said = tempfile.TemporaryFile("w+")  # noqa: SIM115  (closed when it has been read)
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdout=self._said,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=environment.DBT_DIR.parent,
            env=environment.dbt_environment(run_id),
        )

    @property
    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def outcome(self) -> tuple[bool, str]:
        """Waits for its end: whether that was a good one, and what it said."""
        succeeded = self._process.wait() == 0
        with self._said as said:
            said.seek(0)
            return succeeded, said.read().strip()

    def stop(self) -> None:
        """Ends it, if it has not ended."""
        self._process.terminate()
        self._process.wait()
        self._said.close()


def tail(text: str) -> str:
    """What is worth telling of a long one."""
    return text[-TOLD_CHARACTERS:]
