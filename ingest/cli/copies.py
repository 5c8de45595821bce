"""`tickhouse snapshot`, `backup` and `restore`: copies of the warehouse, and the way back."""

from pathlib import Path
from typing import Annotated

import typer

from ingest.cli.options import Yes

Folder = Annotated[
    Path | None, typer.Argument(help="Without it: a folder named by the time, in TICKHOUSE_HOME.")
]


def snapshot(
    path: Annotated[
        Path | None, typer.Argument(help="Without it: snapshots/tickhouse.duckdb in TICKHOUSE_HOME.")
    ] = None,
    tool: Annotated[
        str | None,
        typer.Option(
            "--for",
            metavar="VERSION",
            help="For a tool that has an older DuckDB in it: 1.1 to 1.5, here 1.4.",
        ),
    ] = None,
) -> None:
    """Make a consistent copy to open with any tool: the duckdb CLI, DBeaver, Tableau, a notebook.

    An older copy at the same path is replaced in one step. It is made on a schedule too: SNAPSHOT_CRON.

        tickhouse snapshot && duckdb -readonly data/snapshots/tickhouse.duckdb
    """
    from ingest.core.settings import load_settings
    from ingest.operations.snapshot import snapshot as make

    try:
        typer.echo(make(load_settings(), path, tool))
    except ValueError as error:
        raise typer.BadParameter(f"--for: {error}") from error


def backup(folder: Folder = None) -> None:
    """Copy the warehouse with its positions, and write a manifest with its checksum.

    tickhouse backup /mnt/backups/tickhouse-friday
    """
    from ingest.core.settings import load_settings
    from ingest.operations.backup import backup as make

    typer.echo(make(load_settings(), folder))


def restore(
    folder: Annotated[Path, typer.Argument(help="What `tickhouse backup` made.")],
    yes: Yes = False,
) -> None:
    """Put a backup in the place of the warehouse, positions and all. Stop `tickhouse up` first.

    The next drain goes on from the positions of the backup: Kafka must still have what came since. What it
    has no more is written down as lost. The warehouse that was there stays beside it.
    """
    from ingest.core.settings import load_settings
    from ingest.operations.backup import read_manifest
    from ingest.operations.backup import restore as put_back

    settings = load_settings()
    manifest = read_manifest(settings, folder)
    if not yes:
        typer.confirm(f"Put the backup of {manifest.made_at} in the place of the warehouse?", abort=True)
    replaced = put_back(settings, folder)
    typer.echo(f"Restored the backup of {manifest.made_at}.")
    if replaced:
        typer.echo(f"What was there is now {replaced}; delete it when you need it no more.")
