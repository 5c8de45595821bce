"""Books outlive their snapshots: where pruning takes one, the first whole book behind the floor stays.

snapshot   change … change │ change, after which the book was kept   change …
└──── pruned ────────────┘ floor        └─▶ ops.kept_books: from here the book goes on, also in a rebuild
"""

from collections.abc import Sequence
from datetime import datetime

import duckdb

from ingest.topics import Topic
from ingest.warehouse.models import Model

MESSAGES, LEVELS = "int_book_messages_sequenced", "int_book_levels_checkpointed"

KEEP = """
    insert into ops.kept_books by name
    with firsts as (
        select * from {messages} as messages
        where kafka_topic = $topic and aged_at >= $kept_from
            and kind = 'diff' and is_checkpoint and is_applied
            and not exists (
                select 1 from {messages} as snapshots
                where snapshots.kind = 'snapshot' and snapshots.aged_at >= $kept_from
                    and snapshots.venue = messages.venue and snapshots.symbol = messages.symbol
                    and (snapshots.epoch = messages.epoch or snapshots.sequence = messages.sequence))
        qualify row_number() over (partition by venue, symbol, epoch order by place) = 1
    )
    select $topic as topic, venue, symbol, sequence, levels.side, levels.price, levels.quantity,
        firsts.* exclude (kafka_topic, venue, symbol, sequence, batch_id, first_sequence, follows_sequence,
            previous_sequence, place, epoch, kind, is_broken, is_gap, is_synced, is_applied, is_checkpoint,
            first_offset, last_offset),
        firsts.first_offset as kafka_offset, $batch_id as batch_id
    from firsts inner join {levels} as levels using (venue, symbol, epoch, sequence)
"""


def keep_books(
    connection: duckdb.DuckDBPyConnection,
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
    connection.execute(keep, {"topic": topic.name, "kept_from": kept_from, "batch_id": batch_id})
    connection.execute("delete from ops.kept_books where topic = ? and aged_at < ?", [topic.name, kept_from])
