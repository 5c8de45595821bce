"""Prometheus and its `promtool`, of the system's packages."""

import json
import os
import shutil
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from ingest.core.settings import PROJECT_ROOT
from ingest.services import ports

CONFIG = PROJECT_ROOT / "docs" / "deploy" / "prometheus" / "prometheus.yml"


def promtool() -> str:
    return _program("promtool")


def prometheus() -> str:
    return _program("prometheus")


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        missing = f"no {name} on this machine: `.ci/run` installs Debian's package prometheus"
        if "CI" in os.environ:
            pytest.fail(missing)
        pytest.skip(missing)
    return found


@contextmanager
def running_prometheus(target: str, home: Path) -> Iterator[Callable[[str], dict[str, float]]]:
    """Prometheus with our own file, but for the address and a quicker beat; asks it: values by topic."""
    port = ports.free_port()
    written = yaml.safe_load(CONFIG.read_text())
    written["global"]["scrape_interval"] = "1s"
    written["rule_files"] = [str(CONFIG.with_name("alerts.yml"))]
    written["scrape_configs"][0]["static_configs"] = [{"targets": [target]}]
    home.mkdir(parents=True, exist_ok=True)
    (home / "prometheus.yml").write_text(json.dumps(written))
    where = [f"--config.file={home}/prometheus.yml", f"--storage.tsdb.path={home}/data"]
    with (home / "prometheus.log").open("w") as log:
        process = subprocess.Popen(
            [prometheus(), *where, f"--web.listen-address={ports.LOOPBACK}:{port}"],
            stdout=log,
            stderr=subprocess.STDOUT,
        )

    def ask(query: str) -> dict[str, float]:
        url = f"http://{ports.LOOPBACK}:{port}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
        try:
            with urllib.request.urlopen(url, timeout=10) as got:
                found = json.load(got)["data"]["result"]
        except (urllib.error.URLError, ConnectionError):
            return {}
        return {series["metric"].get("topic", ""): float(series["value"][1]) for series in found}

    try:
        yield ask
    finally:
        process.terminate()
        process.wait(30)
