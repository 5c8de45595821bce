"""What holds for every command: exit codes, one sentence per error, a quick start."""

import subprocess
import sys
from importlib.metadata import version

import pytest
import typer
from typer.testing import CliRunner

from ingest.cli import app
from ingest.cli.failures import Commands
from ingest.core.errors import BrokerUnavailable, DiskFull

COMMANDS = vars(typer.main.get_command(app))["commands"]
HEAVY = ("dagster", "duckdb", "kafka", "pandas", "psutil", "pyarrow", "pydantic", "rich")


def fail_with(error: BaseException) -> typer.Typer:
    failing = typer.Typer(cls=Commands)

    @failing.command()
    def fail() -> None:
        raise error

    @failing.command()
    def other() -> None:
        """A second command makes the first one a command by name."""

    return failing


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (BrokerUnavailable("Nobody answers."), "A rerun can help.\n"),
        (DiskFull("No room."), ""),
    ],
)
def test_an_error_is_a_message_and_says_where_a_rerun_can_help(error, verdict):
    result = CliRunner().invoke(fail_with(error), ["fail"])

    assert result.exit_code == 1
    assert result.stderr == f"{error}\n{verdict}"
    assert result.stdout == ""


def test_ctrl_c_is_130():
    assert CliRunner().invoke(fail_with(KeyboardInterrupt()), ["fail"]).exit_code == 130


def test_wrong_usage_is_2(tickhouse):
    assert tickhouse("no-such-command").exit_code == 2
    assert tickhouse("topics", "--no-such-option").exit_code == 2


def test_a_setting_that_cannot_be_is_named(tickhouse):
    result = tickhouse("broker", "status", EMBEDDED_KAFKA_PORT="many")

    assert result.exit_code == 1
    assert "EMBEDDED_KAFKA_PORT" in result.stderr
    assert "valid integer" in result.stderr


def test_version(tickhouse):
    assert tickhouse("--version").stdout == f"tickhouse {version('tickhouse')}\n"


def test_nothing_heavy_is_imported_before_a_command_needs_it():
    code = f"import sys, ingest.cli; print(*sorted(set({HEAVY!r}) & set(sys.modules)))"

    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert found.stdout.split() == []


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_has_help(tickhouse, command):
    result = tickhouse(command, "--help")

    assert result.exit_code == 0
    assert "Usage:" in result.stdout
