"""`tickhouse status`: how things stand."""

import json
from dataclasses import asdict, astuple, fields
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ingest.cli.options import Form
from ingest.cli.output import Format, note, show

if TYPE_CHECKING:
    from ingest.operations.status import Status

COLUMNS = ("topic", "end", "landed", "lag", "newest", "rejected", "lost", "state")
ALWAYS_SHOWN = {"topic", "end", "landed", "newest", "state"}


def status(
    form: Form = Format.TABLE,
    wait_seconds: Annotated[
        float, typer.Option(min=0, help="How long to wait for a turn at the warehouse.")
    ] = 30,
    everything: Annotated[
        bool, typer.Option("--all", help="Also topics without data, and columns that are all zero.")
    ] = False,
) -> None:
    """Per topic: where Kafka ends, what has landed, what is missing; the feeds, the run that loops, the disk.

    The exit code is 1 when something is wrong: the broker is away, a topic is missing, messages wait and
    no run is at them, a live feed does not hear its exchange, or changes are not captured any more.

        tickhouse status || echo "look at it"
        tickhouse status --format json
    """
    from ingest.core.settings import load_settings
    from ingest.operations.status import read_status

    found = read_status(load_settings(), wait_seconds)
    if form is Format.JSON:
        typer.echo(json.dumps(_for_scripts(found), indent=2))
    elif form is Format.CSV:
        columns = [field.name for field in fields(found.topics[0])]
        show(columns, [astuple(topic) for topic in found.topics], form)
    else:
        _show_topics(found, everything=everything)
        _say_the_rest(found)
    raise typer.Exit(1 if found.is_wrong else 0)


def _for_scripts(found: "Status") -> dict[str, Any]:
    feeds = [{**asdict(feed), "problem": feed.problem} for feed in found.feeds]
    return {**asdict(found), "feeds": feeds, "is_wrong": found.is_wrong}


def _show_topics(found: "Status", *, everything: bool) -> None:
    """Without what has nothing to say, so that it fits 80 columns."""
    shown = [topic for topic in found.topics if everything or topic.has_data or topic.is_wrong]
    rows = [
        (one.topic, one.end, one.landed, one.lag, _age(one.newest_seconds), one.rejected, one.lost, one.state)
        for one in shown
    ]
    kept = [
        place
        for place, column in enumerate(COLUMNS)
        if everything or column in ALWAYS_SHOWN or any(row[place] for row in rows)
    ]
    show([COLUMNS[place] for place in kept], [[row[place] for place in kept] for row in rows])
    if silent := len(found.topics) - len(shown):
        note(f"{silent} topics have no data yet (--all shows them).")


def _age(seconds: float | None) -> str:
    """In the largest unit that it fills, e.g. `12 s`, `5 min`."""
    if seconds is None:
        return ""
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"


def _say_the_rest(found: "Status") -> None:
    for feed in found.feeds:
        note(f"feed {feed.feed}: {feed}")
    runs = ", ".join(run[:8] for run in found.looping_runs)
    note(f"run that loops: {runs or 'none (the sensor starts one when there is work)'}")
    if found.change_data is not None:
        note(f"change data capture: {found.change_data}")
    size = (
        f"in {found.warehouse}"
        if found.warehouse_bytes is None
        else f"{found.warehouse_bytes / 2**20:.0f} MiB"
    )
    note(f"warehouse: {size}; free disk: {found.free_bytes / 2**30:.1f} GiB")
