"""`tickhouse init`: what `make install` does last."""

import typer

from ingest.cli.output import note


def init() -> None:
    """Make TICKHOUSE_HOME and `.env` ready, so that plain `dagster dev` and `dbt build` work. Repeatable."""
    from ingest.core.settings import load_settings
    from ingest.operations.dbt_plan import make_plan
    from ingest.operations.home import prepare_home, write_env
    from ingest.services.class_archive import prepare_broker
    from ingest.warehouse.engine import capabilities_of

    settings = load_settings()
    if settings.kafka_bootstrap_servers is None:
        prepare_broker(settings)
    prepare_home(settings)
    if not write_env(settings):
        note(
            f"TICKHOUSE_HOME={settings.tickhouse_home} is the environment's; .env says otherwise, and "
            f"stays as it is. For plain `dagster dev`, say also DAGSTER_HOME={settings.dagster_home}."
        )
    if not capabilities_of(settings).is_metered:  # its dbt would log in
        make_plan(settings)
    typer.echo(f"Ready: {settings.tickhouse_home}. Next: make dev")
