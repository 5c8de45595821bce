"""The embedded broker: Apache Kafka on this machine, one node, under `settings.kafka_home`.

kafka/
├── data/               the log, made once and kept
├── logs/               broker.log (rotated), console.log (what Java itself says)
├── server.properties   written anew at each start
├── port                where it listens: Settings.bootstrap_servers reads it
└── broker.pid          locked while it runs
"""

import base64
import shutil
import subprocess
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from ingest.core.errors import DiskFull, ServiceFailed
from ingest.core.settings import Settings
from ingest.services import ports, service_log
from ingest.services.broker_config import logging_properties, server_properties
from ingest.services.daemon import LOOK_EVERY_SECONDS, Daemon
from ingest.services.jvm import java_command, use_class_archive

START_PATIENCE_SECONDS = 90
STOP_PATIENCE_SECONDS = 30
ROOM_TO_START_BYTES = 300_000_000


@dataclass(frozen=True, slots=True)
class BrokerStatus:
    """What `tickhouse broker status` says."""

    state: Literal["running", "starting", "died", "stopped"]
    pid: int | None
    bootstrap_servers: str
    data_bytes: int


def start(settings: Settings, class_flag: str | None = None) -> None:
    """Bring the broker up and wait until it answers; nothing to do if it does."""
    daemon = _daemon(settings)
    log_start = service_log.end(settings.kafka_home)
    deadline = time.monotonic() + START_PATIENCE_SECONDS
    is_launched = False
    while not is_up(settings):
        settings.kafka_home.mkdir(parents=True, exist_ok=True)
        if (claim := daemon.claim()) is not None:
            with claim:
                if is_launched:
                    raise service_log.failure(settings.kafka_home, log_start, "ended while it was starting")
                _launch(settings, daemon, claim, class_flag or use_class_archive())
                is_launched = True
        if time.monotonic() > deadline:
            daemon.stop(patience_seconds=5)
            why = f"did not answer within {START_PATIENCE_SECONDS} s"
            raise service_log.failure(settings.kafka_home, log_start, why)
        time.sleep(LOOK_EVERY_SECONDS)


def stop(settings: Settings, patience_seconds: float = STOP_PATIENCE_SECONDS) -> None:
    """Shut the broker down; fine if it does not run."""
    _daemon(settings).stop(patience_seconds)


def is_running(settings: Settings) -> bool:
    """Whether this home's broker runs, be it still starting."""
    return _daemon(settings).is_running()


def has_died(settings: Settings) -> bool:
    """Whether it ended without being stopped."""
    return _daemon(settings).has_died()


def is_up(settings: Settings) -> bool:
    """Whether this home's broker runs and answers."""
    port = _last_port(settings)
    return port is not None and _daemon(settings).is_running() and ports.answers(port)


def status(settings: Settings) -> BrokerStatus:
    daemon = _daemon(settings)
    if daemon.is_running():
        state = "running" if is_up(settings) else "starting"
    else:
        state = "died" if has_died(settings) else "stopped"
    bootstrap = f"{ports.LOOPBACK}:{_last_port(settings) or settings.embedded_kafka_port}"
    return BrokerStatus(state, daemon.pid(), bootstrap, _size(settings.kafka_home / "data"))


def _daemon(settings: Settings) -> Daemon:
    return Daemon(pid_file=settings.broker_pid_file, output=settings.kafka_home / "logs" / "console.log")


def _launch(settings: Settings, daemon: Daemon, claim: IO[str], class_flag: str) -> None:
    home = settings.kafka_home
    (home / "logs").mkdir(exist_ok=True)
    free = shutil.disk_usage(home).free
    if free < ROOM_TO_START_BYTES:
        raise DiskFull(
            f"Only {free / 1e6:.0f} MB are free for {home}; the embedded broker wants "
            f"{ROOM_TO_START_BYTES / 1e6:.0f} MB to start. Free some space, or set TICKHOUSE_HOME to a "
            "folder on another disk."
        )
    port = _choose_port(settings)
    (home / "server.properties").write_text(server_properties(port, ports.free_port()))
    (home / "log4j2.properties").write_text(logging_properties())
    if not (home / "data" / "meta.properties").exists():
        _format(home, class_flag)
    _write_port(settings, port)
    daemon.spawn(claim, java_command("kafka.Kafka", "server.properties", class_flag=class_flag), cwd=home)


def _format(home: Path, class_flag: str) -> None:
    """Give an empty data folder its cluster id; Kafka starts on no other."""
    cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    arguments = ("format", f"--cluster-id={cluster_id}", "--config=server.properties", "--ignore-formatted")
    command = java_command("kafka.tools.StorageTool", *arguments, class_flag=class_flag)
    done = subprocess.run(command, cwd=home, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ServiceFailed(f"Could not format {home / 'data'} for Kafka:\n{done.stdout}{done.stderr}")


def _choose_port(settings: Settings) -> int:
    """The port that was asked for, or else the last one, or the default, or any that is free."""
    wanted = settings.embedded_kafka_port
    if "embedded_kafka_port" in settings.model_fields_set:
        if not ports.is_free(wanted):
            raise ServiceFailed(
                f"Port {wanted} is taken by {ports.holder(wanted)}. Stop that program, set "
                "EMBEDDED_KAFKA_PORT to a free port, or unset it: the broker then finds one by itself."
            )
        return wanted
    candidates = (_last_port(settings) or wanted, wanted)
    return next((port for port in candidates if ports.is_free(port)), None) or ports.free_port()


def _last_port(settings: Settings) -> int | None:
    file = settings.kafka_home / "port"
    return int(file.read_text()) if file.exists() else None


def _write_port(settings: Settings, port: int) -> None:
    """In one step: others read this file at any time."""
    new = settings.kafka_home / "port.new"
    new.write_text(str(port))
    new.replace(settings.kafka_home / "port")


def _size(folder: Path) -> int:
    return sum(file.stat().st_blocks * 512 for file in folder.rglob("*") if file.is_file())
