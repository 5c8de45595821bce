"""`tickhouse broker`: the embedded Kafka broker by itself."""

from typing import TYPE_CHECKING

import typer

from ingest.cli.output import examples
from ingest.cli.spellings import Command

if TYPE_CHECKING:
    from ingest.core.settings import Settings
    from ingest.services.broker import BrokerStatus

NOT_RUNNING = 3

broker = typer.Typer(
    help="The embedded Kafka broker, which `tickhouse up` also starts and stops.",
    epilog=examples("tickhouse broker start", "tickhouse broker status && tickhouse publish simulated"),
    no_args_is_help=True,
)


@broker.command(cls=Command)
def start() -> None:
    """Start the broker in the background and wait until it answers. Fine if it already runs."""
    from ingest.services import broker as service

    settings = _embedded_settings()
    service.start(settings)
    typer.echo(_line(service.status(settings)))


@broker.command(cls=Command)
def stop() -> None:
    """Stop the broker. Topics and messages stay for the next start."""
    from ingest.services import broker as service

    settings = _embedded_settings()
    service.stop(settings)
    typer.echo("Stopped.")


@broker.command(cls=Command)
def status() -> None:
    """Say whether the broker runs, and where. Exit code: 0 running, 3 not running."""
    from ingest.services import broker as service

    found = service.status(_embedded_settings())
    typer.echo(_line(found))
    raise typer.Exit(0 if found.state == "running" else NOT_RUNNING)


def _line(status: "BrokerStatus") -> str:
    data = f"{status.data_bytes / 1e6:.1f} MB of data"
    if status.state == "running":
        return f"Running at {status.bootstrap_servers} (pid {status.pid}), {data}."
    if status.state == "starting":
        return f"Starting (pid {status.pid})."
    why = "It ended by itself; its log says why" if status.state == "died" else "Not running"
    return f"{why}: `tickhouse broker start` starts it again with its {data}."


def _embedded_settings() -> "Settings":
    from ingest.core.errors import SettingsInvalid
    from ingest.core.settings import load_settings

    settings = load_settings()
    if settings.kafka_bootstrap_servers:
        raise SettingsInvalid(
            f"KAFKA_BOOTSTRAP_SERVERS is set: Tickhouse uses the cluster at "
            f"{settings.kafka_bootstrap_servers}. Unset it to use the embedded broker."
        )
    return settings
