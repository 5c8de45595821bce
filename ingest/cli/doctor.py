"""`tickhouse doctor`: is this machine fit for Tickhouse?"""

import typer

COLOURS = {"ok": typer.colors.GREEN, "warn": typer.colors.YELLOW, "fail": typer.colors.RED}


def doctor() -> None:
    """Look at Python, memory, disk, file system, paths, Kafka and ports; say what to do about each.

    Exit code: 0 if everything can work, warnings included; 1 if something cannot.
    """
    from ingest.core.settings import load_settings
    from ingest.services.doctor import examine

    has_failed = False
    for finding in examine(load_settings()):
        has_failed |= finding.level == "fail"
        level = typer.style(f"{finding.level:<5}", fg=COLOURS[finding.level], bold=True)
        typer.echo(f"{level} {finding.subject:<13} {finding.seen}")
        if finding.advice:
            typer.echo(f"{'':<20}{finding.advice}")
    raise typer.Exit(1 if has_failed else 0)
