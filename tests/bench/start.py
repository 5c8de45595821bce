"""From the command to the UI's URL, and to the first rows in a mart, in a fresh clone of what is committed.

First from nothing: an empty HOME and no environment, but what pip and uv have downloaded before. Then with
all of that in place, each time in a new TICKHOUSE_HOME. The command is what `make dev` runs, on a free port.
"""

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ingest.core.settings import PROJECT_ROOT, Settings
from ingest.services import ports
from tests.bench.figures import Bench, Figure, Findings, Target
from tests.e2e.live_stack import awaited

URL, ROWS = "The Dagster UI is at", "first marts hold rows"
PATIENCE_SECONDS = 600


def run(bench: Bench) -> Findings:
    with tempfile.TemporaryDirectory(prefix="tickhouse-start-") as name:
        folder = Path(name)
        subprocess.run(["git", "clone", "--quiet", str(PROJECT_ROOT), str(folder / "clone")], check=True)
        environment = _environment(folder)
        try:
            cold = _start(bench, folder, environment, "from nothing")
            warm = [_start(bench, folder, environment, f"warm {n}") for n in range(3 if bench.is_full else 1)]
        except (AssertionError, OSError) as error:
            return Findings([Figure("start", None, note=" ".join(str(error).split())[-300:])])
    return Findings(_figures(cold, warm), {"cold": cold, "warm": warm})


def _figures(cold: Mapping[str, float], warm: list[dict[str, float]]) -> list[Figure]:
    median = {name: statistics.median(each[name] for each in warm) for name in cold}
    return [
        Figure("`make dev`, warm → URL", median["url"], "s", target=Target("<=", 12)),
        Figure("`make dev`, warm → first rows in a mart", median["rows"], "s", target=Target("<=", 18)),
        Figure("`make dev`, from nothing: installed", cold["installed"], "s"),
        Figure("`make dev`, from nothing → URL", cold["url"], "s"),
        Figure("`make dev`, from nothing → first rows in a mart", cold["rows"], "s", target=Target("<=", 90)),
    ]


def _environment(folder: Path) -> dict[str, str]:
    """Nobody's settings, an empty HOME, and the download caches of whoever runs this."""
    kept = {name: value for name, value in os.environ.items() if name.lower() not in Settings.model_fields}
    pip_cache = _said(sys.executable, "-m", "pip", "cache", "dir")
    uv_cache = _said(str(Path(sys.executable).with_name("uv")), "cache", "dir")
    (folder / "home").mkdir()
    return kept | {"HOME": str(folder / "home"), "PIP_CACHE_DIR": pip_cache, "UV_CACHE_DIR": uv_cache}


def _start(bench: Bench, folder: Path, environment: Mapping[str, str], name: str) -> dict[str, float]:
    """Seconds from the command to each of its stages; it is stopped again then."""
    home = folder / name.replace(" ", "_")
    began = time.monotonic()
    with _make_dev(folder, home, environment) as (process, log):

        def seconds_to(text: str) -> float:
            awaited(text, lambda: text in log.read_text() or process.poll() is not None, PATIENCE_SECONDS)
            assert process.poll() is None, log.read_text()
            return time.monotonic() - began

        found = {"installed": seconds_to("Ready: "), "url": seconds_to(URL), "rows": seconds_to(ROWS)}
    bench.say(f"{name}: {', '.join(f'{stage} {seconds:.1f} s' for stage, seconds in found.items())}")
    return found


@contextmanager
def _make_dev(
    folder: Path, home: Path, environment: Mapping[str, str]
) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    python = Path(sys.base_prefix) / "bin" / "python3"
    up = f".venv/bin/tickhouse up --port {ports.free_port()}"
    log = folder / f"{home.name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["sh", "-c", f"make PYTHON={python} install && exec {up}"],
            cwd=folder / "clone",
            env={**environment, "TICKHOUSE_HOME": str(home), "NO_COLOR": "1"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process, log
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(90)


def _said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
