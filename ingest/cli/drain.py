"""`tickhouse drain`: land what Kafka has, once, without Dagster."""

import time

from ingest.cli.options import Topics, listed
from ingest.cli.output import note, say


def drain(topics: Topics = None) -> None:
    """Land what Kafka has until caught up, then end. Safe beside a running Dagster.

    Positions move with the rows in one transaction: stop it whenever you like and run it again.

        tickhouse drain --topics binance.trades && tickhouse build
    """
    from ingest.core.errors import NeedsAttention
    from ingest.core.settings import load_settings
    from ingest.core.topics import find_topics
    from ingest.drain.drain import Drain
    from ingest.kafka.open import open_log
    from ingest.operations.home import prepare_home
    from ingest.warehouse.open import open_warehouse

    settings = load_settings()
    chosen = find_topics(listed(topics))
    prepare_home(settings)
    began = time.monotonic()
    rows: dict[str, int] = {}
    with (
        open_warehouse(settings) as warehouse,
        Drain(lambda: open_log(settings), warehouse, chosen) as running,
    ):
        for landed in running.run_once():
            rows[landed.topic] = rows.get(landed.topic, 0) + landed.row_count
            for lost in landed.lost:
                note(f"{lost} was gone from Kafka before it was landed (retention).")
        troubles = running.troubles
    seconds = time.monotonic() - began
    for name, count in sorted(rows.items()):
        say(f"{name}: {count} messages")
    say(f"Caught up: {sum(rows.values())} messages in {seconds:.1f} s.")
    for error in troubles.values():
        note(str(error))
    if troubles:
        raise NeedsAttention(f"{len(troubles)} of the topics did not land to their end.")
