"""`tickhouse docs`: told to end, it ends with all that it started."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil

from ingest.services.ports import free_port
from tests.faults.waiting import wait_until


def test_it_leaves_no_orphan_when_it_is_told_to_end(tmp_path: Path) -> None:
    command = [str(Path(sys.executable).parent / "tickhouse"), "docs", "--port", str(free_port())]
    environment = {**os.environ, "TICKHOUSE_HOME": str(tmp_path)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as docs:
        try:
            wait_until("dbt", lambda: psutil.Process(docs.pid).children())
            (dbt,) = psutil.Process(docs.pid).children()
            docs.send_signal(signal.SIGTERM)
            docs.wait(30)
            assert not dbt.is_running() or dbt.status() == psutil.STATUS_ZOMBIE
        finally:
            docs.kill()
