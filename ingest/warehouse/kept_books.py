"""Books outlive their snapshots: where pruning takes one, the first whole book behind the floor stays.

snapshot   change … change │ change, after which the book was kept   change …
└──── pruned ────────────┘ floor        └─▶ ops.kept_books: from here the book goes on, also in a rebuild
"""

from collections.abc import Sequence
from datetime import datetime

from ingest.core.topics import Topic
from ingest.warehouse.connection import Connection
from ingest.warehouse.models import Model

MESSAGES, LEVELS = "int_book_messages_sequenced", "int_book_levels_checkpointed"

KEEP = """
    insert into ops.kept_books (
        topic, venue, symbol, sequence, side, price, quantity, event_at, received_at, published_at, landed_at,
        aged_at, topic_life, kafka_partition, kafka_offset, landed_batch_id, batch_id)
    with snapshots as (
        select venue, symbol, epoch, sequence from {messages} where kind = 'snapshot' and aged_at >= ?
    ), firsts as (
        select * from {messages}
        where kafka_topic = ? and aged_at >= ? and kind = 'diff' and is_checkpoint and is_applied
            and (venue, symbol, epoch) not in (
                select venue, symbol, epoch from snapshots where epoch is not null)
            and (venue, symbol, sequence) not in (
                select venue, symbol, sequence from snapshots where sequence is not null)
        qualify row_number() over (partition by venue, symbol, epoch order by place) = 1
    )
    select
        firsts.kafka_topic, venue, symbol, sequence, levels.side, levels.price, levels.quantity,
        firsts.event_at, firsts.received_at, firsts.published_at, firsts.landed_at, firsts.aged_at,
        firsts.topic_life, firsts.kafka_partition, firsts.first_offset, firsts.landed_batch_id, ?
    from firsts inner join {levels} as levels using (venue, symbol, epoch, sequence)
"""


def keep_books(
    connection: Connection,
    topic: Topic,
    models: Sequence[Model],
    kept_from: datetime,
    batch_id: int,
) -> None:
    """Before a topic is pruned up to `kept_from`, by the batch of that number."""
    found = {model.name: model.relation for model in models if topic.name in model.topics}
    if MESSAGES not in found or LEVELS not in found:
        return
    keep = KEEP.format(messages=found[MESSAGES], levels=found[LEVELS])
    connection.execute(keep, [kept_from, topic.name, kept_from, batch_id])
    connection.execute("delete from ops.kept_books where topic = ? and aged_at < ?", [topic.name, kept_from])
