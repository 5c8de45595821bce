"""`tickhouse down`: stop what `tickhouse up` started."""

from ingest.cli.output import note, say


def down() -> None:
    """Stop the `tickhouse up` of this home, wherever it was started. What has landed and been built stays.

    Fine if nothing is up.

        tickhouse up --detach && tickhouse logs -f
        tickhouse down
    """
    from ingest.core.settings import load_settings
    from ingest.operations.home_lock import stop_up, who_is_up
    from ingest.services import broker

    settings = load_settings()
    instance = who_is_up(settings)
    if instance is None:
        say(f"Nothing is up in {settings.tickhouse_home}.")
        if broker.is_running(settings):
            note("Its broker runs by itself: `tickhouse broker stop` ends it.")
        return
    note(f"Stopping {instance.url} (pid {instance.pid}) ...")
    stop_up(settings, instance)
    say("Stopped. `tickhouse up` goes on from here.")
