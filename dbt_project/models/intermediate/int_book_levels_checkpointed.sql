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
    messages.venue,
    messages.symbol,
    messages.epoch,
    messages.sequence,
    case when spans.key > 0 then 'bid' else 'ask' end as side,
    abs(spans.key) as price,
    spans.quantity,
    messages.aged_at,
    messages.topic_life,
    messages.kafka_partition,
    messages.first_offset,
    messages.last_offset,
    {{ building_through() }} as batch_id
from {{ each_number("book_spans", "first_ordinal", "end_ordinal", "ordinal") }} as spans
inner join
    book_messages as messages
    on messages.is_wanted
    -- It may have ceased to be one.
    and messages.is_checkpoint
    and spans.book = messages.book
    and spans.ordinal = messages.wanted_so_far
