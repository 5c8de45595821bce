"""`tickhouse status`: how things stand."""

from typing import TYPE_CHECKING, Annotated

import typer

from ingest.cli.output import Format, note, show

if TYPE_CHECKING:
    from ingest.operations.status import Status

COLUMNS = ("topic", "end", "landed", "lag", "newest_seconds", "rejected", "lost", "state")


def status(
    form: Annotated[Format, typer.Option("--format", help="How to show it.")] = Format.TABLE,
    wait_seconds: Annotated[float, typer.Option(help="How long to wait for a turn at the warehouse.")] = 30,
) -> None:
    """Per topic: where Kafka ends, what has landed, what is missing; the run that loops; the disk.

    The exit code is 1 when something is wrong: the broker is away, a topic is missing, messages wait and
    no run is at them, or changes are not captured any more.

        tickhouse status || echo "look at it"
        tickhouse status --format json
    """
    from dataclasses import astuple

    from ingest.core.settings import load_settings
    from ingest.operations.status import read_status

    found = read_status(load_settings(), wait_seconds)
    show(COLUMNS, [astuple(topic) for topic in found.topics], form)
    if form is Format.TABLE:
        _say_the_rest(found)
    raise typer.Exit(1 if found.is_wrong else 0)


def _say_the_rest(found: "Status") -> None:
    runs = (
        ", ".join(run[:8] for run in found.looping_runs) or "none (the sensor starts one when there is work)"
    )
    note(f"run that loops: {runs}")
    if found.change_data is not None:
        note(f"change data capture: {found.change_data}")
    size = "in Snowflake" if found.warehouse_bytes is None else f"{found.warehouse_bytes / 2**20:.0f} MiB"
    note(f"warehouse: {size}; free disk: {found.free_bytes / 2**30:.1f} GiB")
