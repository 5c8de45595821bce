"""`tickhouse init`: what `make install` does last."""

import typer


def init() -> None:
    """Make TICKHOUSE_HOME and `.env` ready, so that plain `dagster dev` and `dbt build` work. Repeatable."""
    from ingest.core.settings import load_settings
    from ingest.operations.home import prepare_home, write_env
    from ingest.operations.plan import make_plan
    from ingest.services.class_archive import prepare_broker
    from ingest.warehouse.engine import capabilities_of

    settings = load_settings()
    if settings.kafka_bootstrap_servers is None:
        prepare_broker(settings)
    prepare_home(settings)
    write_env(settings)
    if not capabilities_of(settings).is_metered:  # its dbt would log in
        make_plan(settings)
    typer.echo(f"Ready: {settings.tickhouse_home}. Next: make dev")
