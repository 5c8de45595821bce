"""`tickhouse build`: dbt over what has landed, without Dagster."""

import os
import re
import subprocess
import sys
from difflib import get_close_matches
from typing import Annotated

import typer


def build(
    select: Annotated[
        list[str] | None, typer.Option(help="dbt's selection, e.g. fct_trades+; may be given several times.")
    ] = None,
    full_refresh: Annotated[
        bool, typer.Option("--full-refresh", help="Build everything again from raw instead of what is new.")
    ] = False,
    force: Annotated[
        bool,
        typer.Option("--force", help="Rebuild even if rows would be lost whose raw messages were pruned."),
    ] = False,
    explain: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="Build nothing: show what the loop sends for it."),
    ] = None,
) -> None:
    """Run the dbt models and their tests on what has landed.

    Incremental unless told otherwise. A rebuild is refused where raw messages have been pruned that
    marts still hold rows of: it would lose them.

        tickhouse build --select fct_candles_1m+ --full-refresh
    """
    from ingest.core.settings import PROJECT_ROOT, load_settings
    from ingest.operations.child import dbt_environment, programs
    from ingest.operations.dbt_plan import explain_model
    from ingest.operations.home import prepare_home
    from ingest.warehouse.rebuild import check_rebuild

    for selected in select or ():
        _check_selected(selected)
    settings = load_settings()
    prepare_home(settings)
    if explain is not None:
        raise typer.Exit(explain_model(settings, explain))
    if full_refresh and not force:
        check_rebuild(settings)
    project = str(PROJECT_ROOT / "dbt_project")
    command = [str(programs() / "dbt"), "build", "--project-dir", project, "--profiles-dir", project]
    if os.environ.get("NO_COLOR") or not sys.stdout.isatty():
        command += ["--no-use-colors"]
    command += ["--full-refresh"] if full_refresh else []
    command += ["--select", *select] if select else []
    done = subprocess.run(command, env=dbt_environment(settings), check=False)
    raise typer.Exit(done.returncode)


def _check_selected(selected: str) -> None:
    """dbt finds nothing for a name that is misspelt, and calls it a success."""
    from ingest.core.settings import PROJECT_ROOT

    folder = PROJECT_ROOT / "dbt_project" / "models"
    known = {path.stem for path in folder.rglob("*")} | {"tickhouse"}
    for part in re.split(r"[ ,]", selected):
        name = re.fullmatch(r"@?\d*\+?(\w+)\+?\d*", part)
        if name and name[1] not in known:
            near = ", ".join(get_close_matches(name[1], sorted(known), 5, 0.4))
            hint = f"Near: {near}." if near else "`tickhouse tables` lists them."
            raise typer.BadParameter(f"--select {part}: there is no model or folder {name[1]}. {hint}")
