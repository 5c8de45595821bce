"""What `tickhouse up` says of change data capture: when it breaks, and when it works again, once each."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from ingest.cli import app
from ingest.core.settings import Settings
from ingest.services import change_data as capture
from ingest.services import kafka_connect
from ingest.services.change_data import ChangeDataStatus, Watch

WORKS = ChangeDataStatus("RUNNING", "", "active", 1_000_000)
FAILED = ChangeDataStatus("FAILED", "no such role", "inactive", 5_000_000)


def test_it_is_said_once_and_tried_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = [WORKS, FAILED, FAILED, WORKS, WORKS, None]
    restarted = []
    monkeypatch.setattr(capture, "LOOK_EVERY_SECONDS", 0)
    monkeypatch.setattr(capture, "status", lambda _: found.pop(0))
    monkeypatch.setattr(kafka_connect, "restart_failed", restarted.append)
    watch = Watch(Settings(tickhouse_home=tmp_path))
    said = [watch.news() for _ in range(6)]
    assert said == [
        None,
        "Change data capture is in trouble: task FAILED, slot inactive, 5.0 MB of log held: no such role.",
        None,
        "Change data capture works again: task RUNNING, slot active, 1.0 MB of log held.",
        None,
        None,
    ]
    assert len(restarted) == 2


@pytest.mark.parametrize(
    ("status", "is_wrong"),
    [
        (WORKS, False),
        (FAILED, True),
        (ChangeDataStatus("RUNNING", "", "lost", None), True),
        (ChangeDataStatus("RUNNING", "", "unknown", None), True),
        (ChangeDataStatus("RUNNING", "", "active", 1_500_000_000), True),
        (ChangeDataStatus("RESTARTING", "", "active", 0), False),
    ],
)
def test_what_is_wrong(status: ChangeDataStatus, is_wrong: bool) -> None:  # noqa: FBT001
    assert status.is_wrong == is_wrong


def test_what_never_ran_is_not_wrong(tmp_path: Path) -> None:
    assert capture.status(Settings(tickhouse_home=tmp_path)) is None


def test_with_what_there_is_not(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["up", "--with", "magic"], env={"TICKHOUSE_HOME": str(tmp_path)})
    assert result.exit_code == 2
    assert "--with magic: there is cdc" in result.output
