"""Running `tickhouse` as a script would: arguments in, exit code and text out."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ingest.cli import app

Run = Callable[..., Result]


@pytest.fixture
def tickhouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`tickhouse("broker", "status", EMBEDDED_KAFKA_PORT="1234")`, in a home of the test's own."""

    def run(*arguments: str, **environment: str) -> Result:
        home = {"TICKHOUSE_HOME": str(tmp_path)}
        return CliRunner().invoke(app, arguments, env=home | environment)

    return run
