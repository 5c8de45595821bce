{{ config(materialized="settled_view") }}

with
    newest as (
        select venue, symbol, epoch, sequence, is_synced
        from {{ ref("int_book_messages_sequenced") }}
        qualify row_number() over (partition by venue, symbol order by place desc, first_sequence desc) = 1
    ),

    wanted as (select venue, symbol, epoch, sequence from newest where is_synced),

    {{ book_spans("wanted", checkpoints=ref("int_book_levels_checkpointed")) }}

select
    messages.venue,
    messages.symbol,
    messages.epoch,
    messages.sequence,
    case when spans.key > 0 then 'bid' else 'ask' end as side,
    abs(spans.key) as price,
    spans.quantity,
    messages.event_at,
    messages.received_at,
    messages.topic_life,
    messages.kafka_partition,
    messages.first_offset,
    messages.last_offset,
    messages.batch_id
from book_spans as spans
inner join book_messages as messages on messages.is_wanted and spans.book = messages.book
