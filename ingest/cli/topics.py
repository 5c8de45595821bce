"""`tickhouse topics`: the topic table, what of it is on the broker, and what is in a topic."""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ingest.cli.consume import consume
from ingest.cli.options import Form
from ingest.cli.output import Format, note, show
from ingest.cli.spellings import Command

if TYPE_CHECKING:
    from ingest.core.settings import Settings
    from ingest.core.topics import Topic
    from ingest.kafka.topic_admin import TopicOnBroker

COLUMNS = ("topic", "raw_table", "partitions", "kafka_days", "raw_days", "on_broker", "description")
SHORT_COLUMNS = ("topic, raw table", "partitions", "kept", "on broker", "what it carries")


topics = typer.Typer(invoke_without_command=True)
topics.command(cls=Command)(consume)


@topics.callback()
def list_topics(
    context: typer.Context,
    create: Annotated[
        bool, typer.Option("--create", help="Make the topics on the broker what this table says.")
    ] = False,
    form: Form = Format.TABLE,
) -> None:
    """List the topics that Tickhouse lands, and whether the broker has them.

    The table is ingest/core/topics.py: a row there is all that a new topic needs on this side.

        tickhouse topics --create
        tickhouse topics --format json
        tickhouse topics consume binance.trades -n 1
    """
    if context.invoked_subcommand is None:
        _list(form, create=create)


def _list(form: Format, *, create: bool) -> None:
    from ingest.core.settings import load_settings
    from ingest.core.topics import TOPICS
    from ingest.kafka.topic_admin import ensure_topics

    settings = load_settings()
    if create:
        ensure_topics(settings)
    found = _on_broker(settings)
    rows = [_row(topic, found) for topic in TOPICS]
    if form is Format.TABLE:
        show(SHORT_COLUMNS, [_short(*row) for row in rows])
    else:
        show(COLUMNS, rows, form)


def _on_broker(settings: "Settings") -> "dict[str, TopicOnBroker] | None":
    """None: no broker answers, which is no reason not to show the table."""
    from ingest.core.errors import BrokerUnavailable
    from ingest.kafka.topic_admin import describe_topics

    try:
        return describe_topics(settings)
    except BrokerUnavailable as error:
        note(str(error))
        return None


def _row(topic: "Topic", found: "dict[str, TopicOnBroker] | None") -> tuple[str | float, ...]:
    day = timedelta(days=1)
    kept = (topic.kafka_retention / day, topic.raw_retention / day)
    table = f"raw.{topic.raw_table}"
    return (topic.name, table, topic.partitions, *kept, _state(topic, found), topic.description)


def _short(name: Any, table: Any, partitions: Any, kafka: Any, raw: Any, state: Any, text: Any) -> list[Any]:
    """Fits a terminal of 80 columns."""
    return [f"{name}\n{table}", partitions, f"Kafka {kafka:g} d\nraw {raw:g} d", state, text]


def _state(topic: "Topic", found: "dict[str, TopicOnBroker] | None") -> str:
    if found is None:
        return "unknown"
    if topic.name not in found:
        return "missing"
    partitions = found[topic.name].partitions
    return "yes" if partitions >= topic.partitions else f"{partitions} of {topic.partitions} partitions"
