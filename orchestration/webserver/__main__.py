"""`dagster-webserver` with the guard before it; every option of Dagster's own command holds.

    tickhouse-webserver -w workspace.yaml --port 3000        beside it: dagster-daemon run -w workspace.yaml

UI_ALLOWED_HOSTS, UI_PASSWORD and UI_REPORT_TOKEN say who may ask: docs/security.md.
"""

from typing import Any

from dagster_webserver import cli
from dagster_webserver.app import create_app_from_workspace_process_context
from starlette.types import ASGIApp

from ingest.core.private import keep_private
from ingest.core.settings import load_settings
from orchestration.webserver.guard import Guard
from orchestration.webserver.rules import Rules


def guarded(*arguments: Any, **options: Any) -> ASGIApp:
    """Dagster's application, behind the guard."""
    return Guard(create_app_from_workspace_process_context(*arguments, **options), Rules.of(load_settings()))


def main() -> None:
    """The entry point."""
    keep_private()
    # Dagster's command takes its application from here and nowhere else; the tests would see if it did not.
    cli.create_app_from_workspace_process_context = guarded  # pyright: ignore[reportPrivateImportUsage]
    cli.cli(auto_envvar_prefix="DAGSTER_WEBSERVER", prog_name="tickhouse-webserver")


if __name__ == "__main__":
    main()
