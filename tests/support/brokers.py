"""The three brokers of compose.yaml, as processes of this machine: same settings, other addresses."""

import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import yaml

from ingest.core.settings import PROJECT_ROOT
from ingest.services import ports
from ingest.services.broker_config import logging_properties, properties
from ingest.services.jvm import java_command, use_class_archive

NAMES = ("kafka-1", "kafka-2", "kafka-3")
OF_THE_IMAGE = {"KAFKA_HEAP_OPTS", "KAFKA_LOG_DIRS"}


class ThreeBrokers:
    """Each in a folder of its own; leaving the `with` kills what is left of them."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._inner, self._controllers, self._outer = (
            {name: ports.free_port() for name in NAMES} for _ in range(3)
        )
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> "ThreeBrokers":
        compose = yaml.safe_load((PROJECT_ROOT / "compose.yaml").read_text())
        environments = {name: compose["services"][name]["environment"] for name in NAMES}
        formatting = [self._format(name, environments[name]) for name in NAMES]
        assert [process.wait() for process in formatting] == [0, 0, 0]
        for name in NAMES:
            self._processes[name] = self._run(name, "kafka.Kafka", "server.properties")
        return self

    def __exit__(self, *_: object) -> None:
        for name in NAMES:
            self.kill(name)

    @property
    def bootstrap_servers(self) -> str:
        return ",".join(f"{ports.LOOPBACK}:{port}" for port in self._outer.values())

    def are_up(self) -> bool:
        assert all(process.poll() is None for process in self._processes.values()), "see logs/console.log"
        return all(map(ports.answers, self._outer.values()))

    def kill(self, name: str) -> None:
        process = self._processes[name]
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()

    def _format(self, name: str, environment: dict[str, Any]) -> "subprocess.Popen[bytes]":
        home = self._home / name
        (home / "logs").mkdir(parents=True)
        (home / "server.properties").write_text(self._server_properties(name, environment))
        (home / "log4j2.properties").write_text(logging_properties())
        id_ = f"--cluster-id={environment['CLUSTER_ID']}"
        return self._run(name, "kafka.tools.StorageTool", "format", id_, "--config=server.properties")

    def _server_properties(self, name: str, environment: dict[str, Any]) -> str:
        """As the image makes them of its environment: KAFKA_NODE_ID is node.id."""
        told = {
            key.removeprefix("KAFKA_").lower().replace("_", "."): self._here(name, str(value))
            for key, value in environment.items()
            if key.startswith("KAFKA_") and key not in OF_THE_IMAGE
        }
        return properties({**told, "log.dirs": "data"})

    def _here(self, name: str, value: str) -> str:
        """Addresses of containers as addresses of this machine."""
        for other in NAMES:
            value = value.replace(f"{other}:9092", f"{ports.LOOPBACK}:{self._inner[other]}")
            value = value.replace(f"{other}:9093", f"{ports.LOOPBACK}:{self._controllers[other]}")
            value = value.replace(f":2909{other[-1]}", f":{self._outer[other]}")
        value = value.replace("//:9092", f"//:{self._inner[name]}").replace(
            "//:9093", f"//:{self._controllers[name]}"
        )
        return value.replace("//:", f"//{ports.LOOPBACK}:")

    def _run(self, name: str, *arguments: str) -> "subprocess.Popen[bytes]":
        home = self._home / name
        with (home / "logs" / "console.log").open("ab") as console:
            return subprocess.Popen(
                java_command(*arguments, class_flag=use_class_archive()),
                cwd=home,
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
