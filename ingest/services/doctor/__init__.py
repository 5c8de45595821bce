"""What can be wrong with a machine or a checkout, found before it hurts.

Each check takes the settings and returns one Finding; a new one is a function and a line here.
"""

from collections.abc import Iterator

from ingest.core.settings import Settings
from ingest.services.doctor import folders, machine, network
from ingest.services.doctor.finding import Finding

CHECKS = (
    machine.python,
    machine.tools,
    machine.memory,
    machine.java,
    folders.disk,
    folders.file_system,
    folders.path_names,
    folders.dagster_home,
    network.kafka,
    network.change_data_capture,
    network.ui_port,
)


def examine(settings: Settings) -> Iterator[Finding]:
    """Every check, in the order of the report."""
    return (check(settings) for check in CHECKS)
