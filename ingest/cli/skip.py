"""`tickhouse skip`: pass over what Kafka holds and nobody can read."""

from typing import Annotated

import typer

from ingest.cli.mend import TopicName
from ingest.cli.output import say


def skip(
    topic: TopicName,
    partition: Annotated[int, typer.Option(help="Of that topic.")],
    offset: Annotated[int, typer.Option(help="Where the topic does not go on; the check `readable` says.")],
) -> None:
    """Pass over a batch of messages that cannot be read: damaged, of an unknown codec, or a bomb.

    Everything else goes on without this; it is for you to decide that these messages are given up. They are
    written down in ops.lost_ranges, with the reason `skipped`. What can be read is never skipped.
    """
    from ingest.core.settings import load_settings
    from ingest.core.topics import find_topics
    from ingest.drain.skip import skip as pass_over
    from ingest.kafka.open import open_log
    from ingest.warehouse.open import open_warehouse

    [found] = find_topics([topic])
    settings = load_settings()
    log = open_log(settings)
    try:
        lost = pass_over(log, open_warehouse(settings), found, partition, offset)
    finally:
        log.close()
    say(f"{lost}: {lost.end - lost.first} offsets passed over, written down as lost.")
