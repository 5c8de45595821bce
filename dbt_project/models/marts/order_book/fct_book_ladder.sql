{{ config(meta={"affected_key": ["venue", "symbol", "epoch", "sequence"], "keys_at_once": 50000}) }}
{% set depth = 10 %}

with
    {% call affected() %} {{ affected_books() }} {% endcall %},

    wanted as ({{ affected_books_not_gone() }}),

    {{ book_spans("wanted", checkpoints=ref("int_book_levels_checkpointed")) }},

    {{ book_ladders(depth) }}

select
    messages.kafka_topic,
    messages.venue,
    messages.symbol,
    messages.epoch,
    messages.sequence,
    messages.previous_sequence,
    messages.event_at,
    messages.received_at,
    {{ ladder_columns(depth) }},
    messages.published_at,
    messages.landed_at,
    messages.aged_at,
    messages.topic_life,
    messages.kafka_partition,
    messages.first_offset,
    messages.last_offset,
    messages.landed_batch_id,
    {{ building_through() }} as batch_id
from book_messages as messages
left join book_ladders on messages.book = book_ladders.book and messages.wanted_so_far = book_ladders.ordinal
where messages.is_wanted
