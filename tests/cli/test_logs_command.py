"""`tickhouse logs`: the last lines of each part, those that follow, and of logs that are begun anew."""

from itertools import islice
from pathlib import Path

import pytest

from ingest.core.settings import Settings
from ingest.operations.child import begin_log
from ingest.operations.log_files import follow, log_files
from tests.cli.conftest import Run


@pytest.fixture
def feed_log(tmp_path: Path) -> Path:
    path = begin_log(Settings(tickhouse_home=tmp_path), "feed")
    path.write_text("".join(f"line {number}\n" for number in range(100)))
    return path


def test_the_last_lines_of_a_part_and_of_all(tickhouse: Run, feed_log: Path) -> None:
    assert tickhouse("logs", "feed", "-n", "2").stdout == "line 98\nline 99\n"
    assert tickhouse("logs").stdout.splitlines()[-1] == "feed         | line 99"
    assert str(feed_log) in tickhouse("logs", "feed").stderr


def test_nothing_steers_a_terminal_and_colours_are_left_out(tickhouse: Run, feed_log: Path) -> None:
    feed_log.write_text("\x1b[33mwarning\x1b[0m \x1b[2J\n")
    assert tickhouse("logs", "feed").stdout == "warning \\x1b[2J\n"


def test_no_log_yet_and_no_such_part(tickhouse: Run) -> None:
    assert "`tickhouse up` begins" in tickhouse("logs").stderr
    refused = tickhouse("logs", "nope")
    assert refused.exit_code == 2
    assert "code-server" in refused.output


def test_following_goes_on_in_a_log_that_is_begun_anew(tmp_path: Path, feed_log: Path) -> None:
    settings = Settings(tickhouse_home=tmp_path)
    lines = follow(log_files(settings))
    with feed_log.open("a") as log:
        log.write("one\ntw")
        log.flush()
        assert next(lines) == ("feed", "one")
        log.write("o\n")
        log.flush()
        assert next(lines) == ("feed", "two")
    begin_log(settings, "feed").write_text("three\n")
    begin_log(settings, "daemon").write_text("four\n")
    assert set(islice(lines, 2)) == {("feed", "three"), ("daemon", "four")}
