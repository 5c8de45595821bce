{{ config(meta={"affected_key": ["venue", "symbol", "epoch", "sequence"]}) }}

with
    {% call affected() %}
        select distinct venue, symbol, epoch, sequence
        from
            {{
                changed(
                    ref("int_book_messages_sequenced"),
                    ["venue", "symbol", "epoch", "sequence", "kind", "is_checkpoint"],
                )
            }} as changed
        where is_checkpoint and kind = 'diff' and epoch is not null
    {% endcall %},

    {{ book_spans("affected", checkpoints=this) }}

select
    messages.kafka_topic,
    messages.venue,
    messages.symbol,
    messages.epoch,
    messages.sequence,
    case when repeated.key > 0 then 'bid' else 'ask' end as side,
    abs(repeated.key) as price,
    repeated.quantity,
    messages.aged_at,
    messages.topic_life,
    messages.kafka_partition,
    messages.first_offset,
    messages.last_offset,
    {{ building_through() }} as batch_id
from {{ repeated("book_spans", "end_ordinal - first_ordinal") }}
inner join
    book_messages as messages
    on messages.is_wanted
    -- It may have ceased to be one.
    and messages.is_checkpoint
    and repeated.book = messages.book
    and repeated.first_ordinal + repeated.repetition = messages.wanted_so_far
