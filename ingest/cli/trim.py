"""`tickhouse prune` and `tickhouse reset`: what is old goes, or everything of a topic."""

from typing import TYPE_CHECKING, Annotated

import typer

from ingest.cli.options import Form, Topics, Yes, listed
from ingest.cli.output import Format, note, show

if TYPE_CHECKING:
    from ingest.warehouse.protocol import Shrunk


def prune(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    form: Form = Format.TABLE,
) -> None:
    """Delete what is older than its retention, and give the room of a DuckDB file back to the disk.

    Raw messages go after `raw_retention` (ingest/core/topics.py), and with them
    what was built of them; a model keeps its rows longer if its meta says
    `keeps_days`. A scheduled job does this every night.

        tickhouse prune --dry-run
    """
    from datetime import UTC, datetime

    from ingest.core.settings import load_settings
    from ingest.core.topics import TOPICS
    from ingest.warehouse.connection import transaction
    from ingest.warehouse.models import read_models
    from ingest.warehouse.open import open_warehouse
    from ingest.warehouse.retention import prune as take

    settings = load_settings()
    now = datetime.now(UTC).replace(tzinfo=None)
    with open_warehouse(settings) as warehouse:
        with warehouse.open() as connection, transaction(connection, is_kept=not dry_run):
            new_batch, sinks = warehouse.new_batch, settings.sink_names
            pruned = take(connection, TOPICS, read_models(), now, new_batch, sinks=sinks)
        shrunk = None if dry_run else warehouse.shrink()
    rows = [(one.topic, one.kept_from, *table) for one in pruned for table in one.deleted.items()]
    show(("topic", "kept_from", "table", "rows"), rows, form)
    for one in pruned:
        if one.skipped:
            note(f"{one.topic} was left as it is: {one.skipped}.")
    if shrunk is not None:
        _say_size(shrunk)


def _say_size(shrunk: "Shrunk") -> None:
    before, after = shrunk.before_bytes / 2**20, shrunk.after_bytes / 2**20
    if shrunk.kept_because:
        note(f"The file stays at {before:.0f} MiB: {shrunk.kept_because}. Its free blocks are used again.")
    else:
        note(f"The file had {before:.0f} MiB and has {after:.0f}.")


def reset(
    topics: Topics = None,
    yes: Yes = False,
) -> None:
    """Forget a topic, or all: raw messages, positions and every table built from them, together.

    The next drain lands again what Kafka still has, the next build makes
    the tables. Safe beside a running Dagster. To have a copy to go back to,
    make it first: `tickhouse backup`.

        tickhouse reset --topics binance.depth --yes
        tickhouse drain && tickhouse build
    """
    from ingest.core.settings import load_settings
    from ingest.core.topics import find_topics
    from ingest.warehouse.models import models_without_manifest, parsed_manifest, read_models
    from ingest.warehouse.open import open_warehouse
    from ingest.warehouse.reset import reset as forget

    chosen = find_topics(listed(topics))
    if not yes:
        names = ", ".join(one.name for one in chosen)
        typer.confirm(f"Forget all that has landed of {names}, and the tables built from it?", abort=True)
    with open_warehouse(load_settings()) as warehouse, warehouse.open() as connection:
        models = read_models() if parsed_manifest().exists() else models_without_manifest(connection)
        gone = forget(connection, chosen, models, warehouse.new_batch)
    typer.echo("Emptied: " + ", ".join(gone))
