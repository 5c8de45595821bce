"""`tickhouse docs`: the dbt docs site."""

import signal
import subprocess
from typing import Annotated

import typer

from ingest.cli.options import Port


def docs(
    port: Port = 8080,
    serve: Annotated[bool, typer.Option(help="Serve the site until Ctrl-C, or only make it.")] = True,
) -> None:
    """Make the dbt docs site (every table, column, test and the lineage) and serve it."""
    from ingest.core.settings import PROJECT_ROOT, load_settings
    from ingest.operations.child import dbt_environment, instance_environment, programs
    from ingest.operations.home import prepare_home
    from ingest.services import ports

    settings = load_settings()
    # `kill` ends dbt, too, as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if serve:
        ports.require_free(port)
    prepare_home(settings)
    project = str(PROJECT_ROOT / "dbt_project")
    dbt = [str(programs() / "dbt"), "docs"]
    where = ["--project-dir", project, "--profiles-dir", project]
    made = subprocess.run([*dbt, "generate", *where], env=dbt_environment(settings), check=False)
    if made.returncode or not serve:
        raise typer.Exit(made.returncode)
    typer.echo(f"The docs are at http://127.0.0.1:{port}; Ctrl-C ends.")
    serving = [*dbt, "serve", *where, "--host", "127.0.0.1", "--port", str(port), "--no-browser"]
    raise typer.Exit(subprocess.run(serving, env=instance_environment(settings), check=False).returncode)
