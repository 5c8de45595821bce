"""A real broker of a test's own."""

import os
import shutil
import signal
import time
from pathlib import Path

from ingest.core.settings import Settings
from ingest.services import broker, ports


class OwnBroker:
    """The embedded broker in a home of its own, for tests that stop, kill or wipe it."""

    def __init__(self, home: Path) -> None:
        self.settings = Settings(tickhouse_home=home, embedded_kafka_port=ports.free_port())

    @property
    def bootstrap(self) -> str:
        return f"{ports.LOOPBACK}:{self.settings.embedded_kafka_port}"

    def start(self) -> None:
        broker.start(self.settings)

    def stop(self) -> None:
        broker.stop(self.settings)

    def kill(self) -> None:
        """As a crash or the system's memory killer does it."""
        pid = broker.status(self.settings).pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        while broker.status(self.settings).pid is not None:
            time.sleep(0.01)

    def wipe(self) -> None:
        """All topics and messages gone, as after `rm -r`; leaves it stopped."""
        self.stop()
        shutil.rmtree(self.settings.kafka_home)
