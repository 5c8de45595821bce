"""A subject runs in a process of its own and prints, as its last line, what it found as JSON.

    interleaved(3, {"bare": …, "ours": …}) ─▶ bare ours bare ours bare ours ─▶ medians

So a machine that gets slower in between does not favour one of them, and memory is its own.
"""

import json
import os
import re
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import psutil

from ingest.core.settings import PROJECT_ROOT

SAMPLE_SECONDS = 0.05
MB = 1e6


class SubjectFailed(Exception):
    """A subject could not be measured; the message is for the table."""


@dataclass(slots=True)
class Measured:
    """One run of one subject."""

    said: dict[str, Any]
    seconds: float
    cpu_seconds: float
    peak_mb: float
    later_peak_mb: float
    """The peak in the second half of the time: no more than the first half's where memory is flat."""


@dataclass(slots=True)
class Runs:
    """All runs of one subject, or why it has none."""

    measured: list[Measured] = field(default_factory=list)
    failure: str = ""

    def median(self, of: Callable[[Measured], float]) -> float | None:
        return statistics.median(map(of, self.measured)) if self.measured else None


def interleaved(rounds: int, subjects: Mapping[str, Callable[[], Measured]]) -> dict[str, Runs]:
    """Every subject once per round; one that fails is not tried again, the others go on."""
    runs = {name: Runs() for name in subjects}
    for _ in range(rounds):
        for name, subject in subjects.items():
            if runs[name].failure:
                continue
            try:
                runs[name].measured.append(subject())
            except SubjectFailed as error:
                runs[name].failure = str(error)
    return runs


def run_subject(
    command: Sequence[str], environment: Mapping[str, str] | None = None, patience_seconds: float = 600
) -> Measured:
    """Run it to its end."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            command, cwd=PROJECT_ROOT, env={**os.environ, **(environment or {})}, stdout=out, stderr=errors
        )
        began = time.monotonic()
        sampler = _Sampler(process.pid)
        try:
            code = process.wait(patience_seconds)
        except subprocess.TimeoutExpired:
            _kill_tree(process.pid)
            raise SubjectFailed(f"not done after {patience_seconds:.0f} s") from None
        finally:
            seconds = time.monotonic() - began
            sampler.stop()
        if code != 0:
            raise SubjectFailed(_last_line(errors) or f"exit code {code}")
        first, second = sampler.peaks()
        said = json.loads(_last_line(out))
        return Measured(said, seconds, sampler.cpu_seconds, max(first, second), second)


_AFTERWORDS = re.compile(r"nanobind|^ - (leaked|\.\.\. skipped)")


class _Sampler:
    """Memory and CPU of a process with all that it started (Spark's Java, for one)."""

    def __init__(self, pid: int) -> None:
        self._root = psutil.Process(pid)
        self._memory: list[float] = []
        self._cpu: dict[int, float] = {}
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()

    @property
    def cpu_seconds(self) -> float:
        return sum(self._cpu.values())

    def peaks(self) -> tuple[float, float]:
        """In MB, of the first and of the second half."""
        half = len(self._memory) // 2
        return max(self._memory[:half], default=0.0), max(self._memory[half:], default=0.0)

    def _run(self) -> None:
        while not self._stopped.wait(SAMPLE_SECONDS):
            with suppress(psutil.Error):
                self._memory.append(self._look([self._root, *self._root.children(recursive=True)]))

    def _look(self, processes: Iterable[psutil.Process]) -> float:
        resident = 0
        for process in processes:
            with suppress(psutil.Error), process.oneshot():
                resident += process.memory_info().rss
                times = process.cpu_times()
                self._cpu[process.pid] = times.user + times.system
        return resident / MB


def _kill_tree(pid: int) -> None:
    with suppress(psutil.NoSuchProcess):
        root = psutil.Process(pid)
        for process in (*root.children(recursive=True), root):
            with suppress(psutil.NoSuchProcess):
                process.kill()
        root.wait(10)


def _last_line(file: Any) -> str:
    """But for what DuckDB's bindings say of themselves when a process ends."""
    file.seek(0)
    lines = [line for line in file.read().splitlines() if line.strip() and not _AFTERWORDS.search(line)]
    return lines[-1].strip() if lines else ""
