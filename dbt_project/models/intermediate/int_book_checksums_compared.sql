{{ config(meta={"affected_key": ["venue", "symbol", "epoch", "sequence"]}) }}
{% set depth = 10 %}

with
    {% call affected() %} {{ affected_books() }} {% endcall %},

    -- A message that only removes levels does not show how quantities are written.
    sums as {{ materialized() }} (
        select venue, symbol, last_update_id as sequence, checksum, price_decimals, quantity_decimals
        from {{ ref("stg_kraken__book_messages") }}
        where
            checksum is not null
            and quantity_decimals > 0
            and rejected_reason is null
            and last_update_id in (select sequence from affected)
    ),

    wanted as (select * from affected inner join sums using (venue, symbol, sequence)),

    {{ book_spans("wanted", checkpoints=ref("int_book_levels_checkpointed")) }},

    {{ book_ladders(depth) }}

select
    messages.kafka_topic,
    wanted.venue,
    wanted.symbol,
    wanted.epoch,
    wanted.sequence,
    wanted.checksum,
    cast({{ book_checksum(depth) }} as bigint) as own_checksum,
    messages.aged_at,
    messages.landed_batch_id,
    messages.topic_life,
    messages.kafka_partition,
    messages.first_offset,
    messages.last_offset,
    {{ building_through() }} as batch_id
from wanted
inner join book_messages as messages using (venue, symbol, epoch, sequence)
left join book_ladders on messages.book = book_ladders.book and messages.wanted_so_far = book_ladders.ordinal
