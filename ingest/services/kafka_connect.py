"""The embedded Kafka Connect with Debezium, under `settings.connect_home`: one worker, one connector.

connect/
├── logs/               connect.log (rotated), console.log (what Java itself says)
├── worker.properties   written anew at each start, with Kafka's password
├── secrets.properties  PostgreSQL's password
├── kafka_client.pem    the certificate and the key of KAFKA_SSL_CERTFILE, where Kafka wants one
├── port                where its REST listens
└── connect.pid         locked while it runs
"""

import time
from pathlib import Path
from typing import IO

from ingest.core.settings import Settings
from ingest.services import debezium, ports, service_log
from ingest.services.broker_config import logging_properties
from ingest.services.daemon import LOOK_EVERY_SECONDS, Daemon
from ingest.services.jars import CONNECT
from ingest.services.jvm import java_command
from ingest.services.kafka_connect_config import (
    connector_config,
    kafka_client,
    secrets_file,
    secrets_path,
    worker_properties,
)
from ingest.services.postgres import postgres_url

START_PATIENCE_SECONDS = 120
STOP_PATIENCE_SECONDS = 30


def start(settings: Settings) -> None:
    """Bring it up, with the connector at work; fine if it is."""
    home, daemon = settings.connect_home, _daemon(settings)
    (home / "logs").mkdir(parents=True, exist_ok=True)
    log_start = service_log.end(home, "connect")
    deadline = time.monotonic() + START_PATIENCE_SECONDS
    is_launched = False
    while not is_up(settings):
        if (claim := daemon.claim()) is not None:
            with claim:
                if is_launched:
                    raise service_log.failure(home, log_start, "ended while it was starting", "connect")
                _launch(settings, daemon, claim)
                is_launched = True
        if time.monotonic() > deadline:
            daemon.stop(patience_seconds=5)
            why = f"did not answer within {START_PATIENCE_SECONDS} s"
            raise service_log.failure(home, log_start, why, "connect")
        time.sleep(LOOK_EVERY_SECONDS)
    config = connector_config(postgres_url(settings), secrets_path(settings), settings.captured_venue)
    debezium.ensure(_url(settings), config)


def stop(settings: Settings) -> None:
    """Shut it down; fine if it does not run. Its place is kept: it goes on from there."""
    _daemon(settings).stop(STOP_PATIENCE_SECONDS)


def is_up(settings: Settings) -> bool:
    """Whether it runs and answers."""
    return _daemon(settings).is_running() and debezium.state(_url(settings)).state != "AWAY"


def pid(settings: Settings) -> int | None:
    return _daemon(settings).pid()


def has_died(settings: Settings) -> bool:
    """Whether it ended without being stopped."""
    return _daemon(settings).has_died()


def is_stopped(settings: Settings) -> bool:
    """Whether it is meant not to run: it was never started, or ended in order."""
    daemon = _daemon(settings)
    return not daemon.is_running() and not daemon.has_died()


def state(settings: Settings) -> debezium.TaskState:
    """Whether changes are being captured."""
    if not _daemon(settings).is_running():
        return debezium.TaskState("AWAY", "Kafka Connect does not run.")
    return debezium.state(_url(settings))


def restart_failed(settings: Settings) -> None:
    debezium.restart_failed(_url(settings))


def _daemon(settings: Settings) -> Daemon:
    home = settings.connect_home
    return Daemon(pid_file=home / "connect.pid", output=home / "logs" / "console.log")


def _launch(settings: Settings, daemon: Daemon, claim: IO[str]) -> None:
    home, port = settings.connect_home, ports.free_port()
    _write_secret(home / "worker.properties", worker_properties(settings, port))
    (home / "log4j2.properties").write_text(logging_properties("connect"))
    client = kafka_client(settings)
    _write_secret(secrets_path(settings), secrets_file(postgres_url(settings)))
    if client.key_files:
        key = "\n".join(file.read_text() for file in client.key_files)
        _write_secret(Path(client.options["ssl.keystore.location"]), key)
    (home / "port").write_text(str(port))
    main = "org.apache.kafka.connect.cli.ConnectDistributed"
    command = java_command(main, "worker.properties", class_flag="-Xshare:auto", jar_set=CONNECT)
    daemon.spawn(claim, command, cwd=home)


def _write_secret(file: Path, text: str) -> None:
    file.touch(mode=0o600)
    file.write_text(text)


def _url(settings: Settings) -> str:
    port = settings.connect_home / "port"
    return f"http://{ports.LOOPBACK}:{port.read_text() if port.exists() else 0}"
