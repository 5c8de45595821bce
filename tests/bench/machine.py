"""The machine and the versions a figure was measured with, in one line."""

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version

import psutil

PACKAGES = ("duckdb", "dagster", "dbt-core", "kafka-python", "confluent-kafka", "pyarrow")


def machine_line() -> str:
    memory = psutil.virtual_memory().total / 2**30
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    today = datetime.now(UTC).date()
    return (
        f"{today}: {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}, {versions}; load before the start {os.getloadavg()[0]:.1f}"
    )
