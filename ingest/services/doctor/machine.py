"""The machine: Python, tools, memory, Java."""

import shutil
import subprocess
import sys

from ingest.core.errors import SettingsInvalid
from ingest.core.settings import Settings
from ingest.services.doctor.finding import Finding

FIRST_PYTHON, LAST_PYTHON = (3, 11), (3, 13)
LEAST_MEMORY_GB, GOOD_MEMORY_GB = 2, 4


def python(_: Settings) -> Finding:
    seen = "{}.{}.{}".format(*sys.version_info[:3])
    if FIRST_PYTHON <= sys.version_info[:2] <= LAST_PYTHON:
        return Finding("ok", "Python", seen)
    advice = "Install Python 3.11, 3.12 or 3.13, then: make clean && make PYTHON=python3.12 install"
    return Finding("fail", "Python", seen, advice)


def tools(_: Settings) -> Finding:
    missing = [tool for tool in ("make", "git") if shutil.which(tool) is None]
    if not missing:
        return Finding("ok", "make and git", "found")
    how = "xcode-select --install" if sys.platform == "darwin" else f"sudo apt install {' '.join(missing)}"
    return Finding("warn", "make and git", f"missing: {', '.join(missing)}", f"Install with: {how}")


def memory(_: Settings) -> Finding:
    import psutil

    gigabytes = psutil.virtual_memory().total / 1e9
    seen = f"{gigabytes:.1f} GB"
    if gigabytes >= GOOD_MEMORY_GB:
        return Finding("ok", "memory", seen)
    level = "warn" if gigabytes >= LEAST_MEMORY_GB else "fail"
    return Finding(level, "memory", seen, "Broker, Dagster and DuckDB side by side want 4 GB.")


def java(settings: Settings) -> Finding:
    """The runtime is a wheel made for some systems; this tries it on this one."""
    if settings.kafka_bootstrap_servers:
        return Finding("ok", "Java", "not needed: KAFKA_BOOTSTRAP_SERVERS names a cluster")
    from ingest.services.jvm import java_runtime

    try:
        program, version = java_runtime()
        subprocess.run([program, "-version"], capture_output=True, check=True, timeout=30)
    except SettingsInvalid as error:
        return Finding("fail", "Java", "not installed", str(error))
    except (OSError, subprocess.SubprocessError) as error:
        advice = "Set KAFKA_BOOTSTRAP_SERVERS to a Kafka cluster, for one the one of compose.yaml."
        return Finding("fail", "Java", f"does not run here: {error}", advice)
    return Finding("ok", "Java", f"{version}, as a Python wheel")
