"""What `make install` does for the embedded broker, so that every start afterwards is a quick one."""

import subprocess
import tempfile
from pathlib import Path

from ingest.core.settings import Settings
from ingest.services import broker, ports
from ingest.services.jars import fetch_jars
from ingest.services.jvm import class_archive, java_command, list_classes
from ingest.services.progress import note


def prepare_broker(settings: Settings) -> None:
    """Fetch the jars and write the class archive, each only if need be."""
    fetch_jars()
    archive = class_archive()
    if not archive.exists():
        note("Preparing Apache Kafka for quick starts (once, about 10 s) ...")
        archive.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".broker-", dir=archive.parent) as folder:
            _write_class_archive(settings, archive, Path(folder))


def _write_class_archive(settings: Settings, archive: Path, folder: Path) -> None:
    """From the classes that a broker has loaded when it is up: so one is started for that."""
    throwaway = settings.model_copy(
        update={"tickhouse_home": folder, "embedded_kafka_port": ports.free_port()}
    )
    class_list, written = folder / "classes", folder / "archive"
    broker.start(throwaway, list_classes(class_list))
    broker.stop(throwaway)
    flags = ("-Xshare:dump", f"-XX:SharedClassListFile={class_list}")
    command = java_command(class_flag=f"-XX:SharedArchiveFile={written}")
    subprocess.run([command[0], *flags, *command[1:]], capture_output=True, check=False)
    # Where Java cannot write one, starts take longer and nothing else is different.
    if written.exists():
        written.replace(archive)
