"""A second `tickhouse up` in a home that is up is refused, with the first one's address; `down` finds it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ingest.core.errors import ServiceFailed
from ingest.core.settings import Settings
from ingest.operations.home_lock import Instance, home_taken, require_down, stop_up, who_is_up

HOLD = """
import sys, time
from ingest.core.settings import Settings
from ingest.operations.home_lock import home_taken

with home_taken(Settings(tickhouse_home=sys.argv[1]), "there"):
    print(flush=True)
    time.sleep(60)
"""


def test_the_second_is_told_where_the_first_is(tmp_path: Path) -> None:
    settings = Settings(tickhouse_home=tmp_path)
    with (
        home_taken(settings, "http://127.0.0.1:3000"),
        pytest.raises(ServiceFailed, match=r"127\.0\.0\.1:3000"),
        home_taken(settings, "http://127.0.0.1:3001"),
    ):
        pass
    with home_taken(settings, "http://127.0.0.1:3001"):
        assert who_is_up(settings) == Instance("http://127.0.0.1:3001", os.getpid())
        with pytest.raises(ServiceFailed, match=r"127\.0\.0\.1:3001"):
            require_down(settings)
    assert who_is_up(settings) is None
    require_down(settings)


def test_down_ends_it_wherever_it_was_started_and_waits(tmp_path: Path) -> None:
    settings = Settings(tickhouse_home=tmp_path)
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        found = who_is_up(settings)
        assert found == Instance("there", other.pid)
        stop_up(settings, found)
        assert who_is_up(settings) is None
