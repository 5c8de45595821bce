"""`make bench`: measures what was named, one after the other, and writes down what it found.

each benchmark ─▶ TICKHOUSE_HOME/bench/<name>-<scale>.json ─▶ all of them ─▶ docs/benchmarks.md
"""

import json
import time
from collections.abc import Mapping
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from ingest.core.settings import PROJECT_ROOT, load_settings
from tests.bench.figures import Bench, Findings
from tests.bench.machine import machine_line
from tests.bench.report import section, write_report

NAMES = ("book", "drain", "equality", "feeds", "freshness", "history", "live", "start", "vwap")
DOCS_PAGE = PROJECT_ROOT / "docs" / "benchmarks.md"

Scale = Literal["small", "full"]


def main(
    names: Annotated[list[str] | None, typer.Argument(help=f"Some of {', '.join(NAMES)}; or all.")] = None,
    scale: Annotated[Scale, typer.Option(help="`small` says whether it works, not how fast it is.")] = "full",
    minutes: Annotated[
        float | None, typer.Option(help="How long freshness is watched at each rate (full: 10, small: 1.5).")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The page to write (full: docs/benchmarks.md).")] = None,
) -> None:
    """Measure Tickhouse, on a machine that has nothing else to do."""
    unknown = set(names or ()) - set(NAMES)
    if unknown:
        raise typer.BadParameter(f"there is no benchmark {', '.join(unknown)}: {', '.join(NAMES)}")
    home = load_settings().tickhouse_home / "bench"
    bench = Bench(home, scale == "full", minutes or (10 if scale == "full" else 1.5), _Progress())
    for name in names or NAMES:
        _measure(bench, name, scale)
    page = out or (DOCS_PAGE if scale == "full" else home / "benchmarks.md")
    write_report(page, _found(home, scale))
    typer.echo(f"Written: {page}")


def _measure(bench: Bench, name: str, scale: Scale) -> None:
    benchmark = import_module(f"tests.bench.{name}")
    machine, began = machine_line(), time.monotonic()
    bench.say(f"== {name}, {scale}")
    found: Findings = benchmark.run(bench)
    figures = [asdict(figure) | {"is_reached": figure.is_reached} for figure in found.figures]
    told: dict[str, Any] = {"about": _about(benchmark), "machine": f"{machine}; scale {scale}"}
    told |= {"seconds": time.monotonic() - began, "figures": figures, "raw": found.raw}
    bench.home.mkdir(parents=True, exist_ok=True)
    (bench.home / f"{name}-{scale}.json").write_text(json.dumps(told, indent=1))
    typer.echo(section(name, told))


def _about(benchmark: Any) -> str:
    """What the page says of it: the module's docstring, its first line a heading already."""
    return " ".join((benchmark.__doc__ or "").split())


def _found(home: Path, scale: Scale) -> Mapping[str, Any]:
    """The newest findings of every benchmark, also of those that did not run now."""
    files = {name: home / f"{name}-{scale}.json" for name in NAMES}
    return {name: json.loads(file.read_text()) for name, file in files.items() if file.exists()}


class _Progress:
    """Lines with the seconds since the start."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def __call__(self, text: str) -> None:
        typer.echo(f"{time.monotonic() - self._began:6.0f} s  {text}")


if __name__ == "__main__":
    typer.run(main)
